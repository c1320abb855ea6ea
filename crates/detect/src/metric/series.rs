//! [`Series`]: one metric's past in a few kilobytes, and the reading of its next value.

use super::extremes::Extremes;
use super::measure::Measure;
use super::season::Season;
use super::{CLEAR, THRESHOLD, stored};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A new extreme this far beyond the old ones, as a share of their range, reaches the threshold.
const MARGIN: f64 = 0.07;
/// With so many values seen the margin is twice as wide; with few it is wider still, for the range is not known yet.
const YOUNG: f64 = 600.0;
/// Values after an anomaly that are not called one themselves.
const REST: u16 = 99;
/// The highest score while a series rests.
const RESTING: f32 = 0.49;
/// The shortest run of equal values that can be an anomaly, how much longer than every run before it must be, and
/// the values that a series must have seen.
const STUCK: (u32, u32, u32) = (30, 4, 300);
/// A gap must be this many times the usual and the longest one before.
const GAP: (f64, f64) = (10.0, 4.0);
/// Strengths of the values since an anomaly began that together make it a clear one.
const FAR: f64 = 6.0;
/// Means over 1, 2, 4, … 256 values.
const MEANS: usize = 9;
/// Values of greater magnitude count as this one, whose square and differences can still be reckoned with.
const LARGEST: f64 = 1e150;

/// One metric's past. A few thousand bytes, however many values it has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    values: u32,
    rest: u16,
    /// Whether the anomaly it rests from was a clear one.
    has_been_clear: bool,
    last_second: Option<i64>,
    /// Equal values in a row, this one included, and the longest such run that has ended.
    run: u32,
    longest_run: u32,
    /// Seconds: the longest gap so far.
    longest_gap: u32,
    /// The last value, the mean gap in seconds, the variances over some 32 and 128 values, and the
    /// strengths since the last anomaly.
    #[serde(with = "stored")]
    others: [f64; 5],
    #[serde(with = "stored")]
    means: [f64; MEANS],
    extremes: [Extremes; Measure::RANGED.len()],
    day: Season,
    week: Season,
}

/// What a value is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// From 0 to 1; an anomaly from [`THRESHOLD`] on.
    pub score: f32,
    /// Whether the anomaly from which the series still rests has by now become a clear one.
    pub has_grown: bool,
    /// What is strangest about the value.
    pub measure: Measure,
    /// That measure of this value.
    pub seen: f64,
    /// The range it had kept to, or the longest run or gap that could be expected.
    pub usual: [f64; 2],
}

impl Reading {
    const NOTHING: Self = Self { score: 0.0, has_grown: false, measure: Measure::Value, seen: 0.0, usual: [0.0; 2] };

    /// Whether the value is an anomaly.
    pub fn is_anomaly(&self) -> bool {
        self.score >= THRESHOLD
    }

    /// Whether it is a clear anomaly, at once or by now.
    pub fn is_clear(&self) -> bool {
        self.score >= CLEAR || self.has_grown
    }

    /// The reason in words: `value 900 where 100 to 110 is usual`.
    pub fn why(&self) -> String {
        let [low, high] = self.usual;
        match self.measure {
            Measure::Stuck | Measure::Gap => {
                format!("{} {} where at most {} is usual", self.measure, short(self.seen), short(high))
            }
            measure => {
                format!("{measure} {} where {} to {} is usual", short(self.seen), short(low), short(high))
            }
        }
    }
}

/// A number as people want it: four digits, and an exponent only where it would be long.
pub fn short(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-3..1e9).contains(&magnitude) {
        return format!("{number:.3e}");
    }
    let digits = if magnitude < 1.0 {
        4
    } else if magnitude < 1000.0 {
        2
    } else {
        0
    };
    let text = format!("{number:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
    }
}

impl Series {
    /// A series without a past.
    pub fn new() -> Self {
        Self {
            values: 0,
            rest: 0,
            has_been_clear: false,
            last_second: None,
            run: 0,
            longest_run: 0,
            longest_gap: 0,
            others: [0.0; 5],
            means: [0.0; MEANS],
            extremes: [Extremes::default(); Measure::RANGED.len()],
            day: Season::day(),
            week: Season::week(),
        }
    }

    /// Values seen so far.
    pub fn len(&self) -> u32 {
        self.values
    }

    /// Whether none has been seen.
    pub fn is_empty(&self) -> bool {
        self.values == 0
    }

    /// Reads the next value. Without a time, or with one that goes backwards, seasons or gaps are not looked at. What is no
    /// finite number is passed over with score 0.
    pub fn observe(&mut self, at: Option<Timestamp>, value: f64) -> Reading {
        if !value.is_finite() {
            return Reading::NOTHING;
        }
        let value = value.clamp(-LARGEST, LARGEST);
        let at_second = at.map(Timestamp::as_second);
        let previous = if self.values == 0 { value } else { self.others[0] };
        self.values = self.values.saturating_add(1);
        let mut strangest = Strangest::default();
        self.watch_runs(value == previous, &mut strangest);
        self.watch_gaps(at_second, &mut strangest);
        self.learn_means(value);
        self.watch_ranges(at_second, value, &mut strangest);
        self.others[0] = value;
        self.read(strangest)
    }

    fn read(&mut self, Strangest { strength, measure, seen, usual }: Strangest) -> Reading {
        let alone = score(strength);
        if self.rest == 0 {
            self.others[4] = strength;
            if alone >= THRESHOLD {
                (self.rest, self.has_been_clear) = (REST, alone >= CLEAR);
            }
            return Reading { score: alone, has_grown: false, measure, seen, usual };
        }
        self.rest -= 1;
        // Every new extreme moves the range, so what leaves it in small steps is far out only by their sum.
        self.others[4] += strength;
        let is_clear = alone >= CLEAR || (strength > 0.0 && self.others[4] >= FAR);
        let has_grown = is_clear && !self.has_been_clear;
        self.has_been_clear |= is_clear;
        Reading { score: alone.min(RESTING), has_grown, measure, seen, usual }
    }

    fn watch_runs(&mut self, is_equal: bool, strangest: &mut Strangest) {
        let (shortest, times, warm_up) = STUCK;
        if !is_equal {
            self.longest_run = self.longest_run.max(self.run);
            self.run = 0;
        }
        self.run = self.run.saturating_add(1);
        let limit = shortest.max(self.longest_run.saturating_mul(times));
        // Once for each run, at the moment it becomes too long.
        if self.run == limit && self.longest_run > 0 && self.values > warm_up {
            strangest.offer(3.0, Measure::Stuck, f64::from(self.run), [0.0, f64::from(limit)]);
        }
    }

    fn watch_gaps(&mut self, at_second: Option<i64>, strangest: &mut Strangest) {
        let before = self.last_second;
        self.last_second = at_second.or(before);
        let (Some(before), Some(at)) = (before, at_second) else { return };
        let gap = u32::try_from(at.saturating_sub(before)).unwrap_or(if at > before { u32::MAX } else { 0 });
        let (times_usual, times_longest) = GAP;
        let limit = (times_usual * self.others[1]).max(times_longest * f64::from(self.longest_gap));
        if self.values > 60 && limit > 0.0 && f64::from(gap) >= limit {
            strangest.offer(f64::from(gap) / limit, Measure::Gap, f64::from(gap), [0.0, limit]);
        }
        self.others[1] += weight(64, self.values) * (f64::from(gap) - self.others[1]);
        self.longest_gap = self.longest_gap.max(gap);
    }

    /// Exponentially weighted means and variances (West, Communications of the ACM 22, 1979); over the first values all
    /// count alike.
    fn learn_means(&mut self, value: f64) {
        for (variance, span) in [(2, 32), (3, 128)] {
            let weight = weight(span, self.values);
            let difference = value - self.mean(span);
            self.others[variance] = (1.0 - weight) * (self.others[variance] + weight * difference * difference);
        }
        for (power, mean) in self.means.iter_mut().enumerate() {
            *mean += weight(1 << power, self.values) * (value - *mean);
        }
    }

    /// The mean over some `span` values, a power of two up to 256.
    fn mean(&self, span: u16) -> f64 {
        self.means[(span.trailing_zeros() as usize).min(MEANS - 1)]
    }

    fn watch_ranges(&mut self, at_second: Option<i64>, value: f64, strangest: &mut Strangest) {
        let of_day = at_second.and_then(|at| self.day.observe(at, value));
        let of_week = at_second.and_then(|at| self.week.observe(at, value)).or(of_day);
        // Less scatter than a millionth of the range is none.
        let [low, high] = self.extremes[0].range();
        let floor = (1e-6 * (high - low)).powi(2) + f64::MIN_POSITIVE;
        for (index, measure) in Measure::RANGED.into_iter().enumerate() {
            let seen = match measure {
                Measure::Value => Some(value),
                Measure::Magnitude => (value != 0.0).then(|| value.abs().ln()),
                Measure::Mean(span) | Measure::RecentMean(span) => Some(self.mean(span)),
                Measure::Shift(short, long) => Some(self.mean(short) - self.mean(long)),
                Measure::Spread(32) => Some((self.others[2] + floor).ln()),
                Measure::Spread(_) => Some((self.others[3] + floor).ln()),
                Measure::TimeOfDay => of_day,
                Measure::TimeOfWeek => of_week,
                Measure::Stuck | Measure::Gap => None,
            };
            let Some(seen) = seen else { continue };
            let extremes = &mut self.extremes[index];
            // A series that never moved must have done so for longer before its first move means something.
            let warm_up = if extremes.is_constant() { 4 * measure.warm_up() } else { measure.warm_up() };
            let usual = extremes.range();
            let beyond = extremes.observe(seen, measure.forgetting());
            if beyond > 0.0 && self.values > warm_up {
                let margin = MARGIN * (1.0 + YOUNG / f64::from(self.values));
                strangest.offer(beyond / margin, measure, seen, usual);
            }
        }
    }
}

/// A strength from 0 to infinity as a score from 0 to 1; a strength of 1 is the threshold.
fn score(strength: f64) -> f32 {
    if strength.is_finite() { (strength / (1.0 + strength)) as f32 } else { 1.0 }
}

/// The weight of the latest value in a mean over `span` values, of which `seen` have been seen.
fn weight(span: u16, seen: u32) -> f64 {
    (2.0 / (f64::from(span) + 1.0)).max(1.0 / f64::from(seen.max(1)))
}

/// What is strangest about a value so far; a strength of 1 reaches the threshold.
struct Strangest {
    strength: f64,
    measure: Measure,
    seen: f64,
    usual: [f64; 2],
}

impl Default for Strangest {
    fn default() -> Self {
        Self { strength: 0.0, measure: Measure::Value, seen: 0.0, usual: [0.0; 2] }
    }
}

impl Strangest {
    /// Of several reasons that would each suffice, the first, which is the plainest, is given.
    fn offer(&mut self, strength: f64, measure: Measure, seen: f64, usual: [f64; 2]) {
        if strength > self.strength {
            let is_explained = self.strength >= 1.0;
            self.strength = strength;
            if !is_explained {
                (self.measure, self.seen, self.usual) = (measure, seen, usual);
            }
        }
    }
}
