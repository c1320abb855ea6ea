//! Series of kinds that nothing was tuned on.

use super::*;
use jiff::Timestamp;
use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea and Flood 2014): enough for noise, and the same everywhere.
struct Dice(u64);

impl Dice {
    /// Between 0 and 1.
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.even()).ln()).sqrt() * (TAU * self.even()).cos()
    }
}

const STEP: i64 = 300;
const DAY: usize = 288;

fn at(index: usize) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + STEP * index as i64).unwrap()
}

/// Where the readings of a made-up metric are so.
fn where_they_are(
    is_so: fn(&Reading) -> bool,
    count: usize,
    mut value: impl FnMut(usize, &mut Dice) -> f64,
) -> Vec<usize> {
    let (mut series, mut dice) = (Series::new(), Dice(7));
    (0..count).filter(|index| is_so(&series.observe(Some(at(*index)), value(*index, &mut dice)))).collect()
}

/// Where they are anomalies.
fn anomalies(count: usize, value: impl FnMut(usize, &mut Dice) -> f64) -> Vec<usize> {
    where_they_are(Reading::is_anomaly, count, value)
}

/// The fault begins after twelve days and is a clear anomaly within `delay` values; in the ten days before it there
/// is none.
fn check(name: &str, delay: usize, mut value: impl FnMut(usize, bool, &mut Dice) -> f64) {
    let start = 12 * DAY;
    let found = where_they_are(Reading::is_clear, start + delay + 1, |index, dice| value(index, index >= start, dice));
    let before = found.iter().filter(|index| (2 * DAY..start).contains(*index)).count();
    assert_eq!(before, 0, "{name}: false alarms at {found:?}");
    assert!(found.last().is_some_and(|last| *last >= start), "{name}: not found, only {found:?}");
}

fn by_day(index: usize) -> f64 {
    (index as f64 / DAY as f64 * TAU).sin()
}

#[test]
fn a_change_of_whatever_kind_is_found_soon_and_the_quiet_before_is_left_alone() {
    check("a step", 30, |_, is_fault, dice| 40.0 + dice.normal() + if is_fault { 6.0 } else { 0.0 });
    check("a small lasting step", 80, |_, is_fault, dice| 40.0 + dice.normal() + if is_fault { 2.0 } else { 0.0 });
    check("a spike", 0, |_, is_fault, dice| 40.0 + dice.normal() + if is_fault { 15.0 } else { 0.0 });
    check("a collapse to nothing", 2, |_, is_fault, dice| if is_fault { 0.0 } else { 900.0 + 40.0 * dice.normal() });
    let mut leak = 0.0;
    check("a leak", 200, |_, is_fault, dice| {
        leak += if is_fault { 0.1 } else { 0.0 };
        70.0 + dice.normal() + leak
    });
    check("a day's peak at night", 20, |index, is_fault, dice| {
        let turned = if is_fault { -by_day(index) } else { by_day(index) };
        100.0 + 40.0 * turned + 3.0 * dice.normal() + if is_fault { -10.0 } else { 0.0 }
    });
    check("a day without its peak", DAY, |index, is_fault, dice| {
        100.0 + 40.0 * if is_fault { 0.0 } else { by_day(index) } + 2.0 * dice.normal()
    });
    check("wilder than ever", 60, |_, is_fault, dice| 50.0 + dice.normal() * if is_fault { 4.0 } else { 1.0 });
    check("stuck", 40, |_, is_fault, dice| if is_fault { 50.0 } else { 50.0 + dice.normal() });
    check("latencies ten times as long", 10, |_, is_fault, dice| {
        (3.0 + 0.5 * dice.normal()).exp() * if is_fault { 10.0 } else { 1.0 }
    });
}

#[test]
fn a_week_of_two_faces_is_learned_and_a_working_day_without_work_is_found() {
    let is_weekend = |index: usize| matches!(index / DAY % 7, 2 | 3);
    let load = |index: usize, dice: &mut Dice| {
        let work = if is_weekend(index) { 0.1 } else { 1.0 };
        20.0 + work * 100.0 * by_day(index).max(0.0) + 2.0 * dice.normal()
    };
    let holiday = 28 * DAY;
    assert!(!is_weekend(holiday));
    let found = anomalies(holiday + DAY, |index, dice| match index >= holiday {
        true => 20.0 + 2.0 * dice.normal(),
        false => load(index, dice),
    });
    let usual = found.iter().filter(|index| (14 * DAY..holiday).contains(*index)).count();
    assert!(usual <= 2, "{usual} false alarms in two weeks: {found:?}");
    assert!(found.iter().any(|index| *index >= holiday), "{found:?}");
}

#[test]
fn what_stays_as_it_was_is_seldom_an_anomaly_and_hardly_ever_a_clear_one() {
    // Alarms in the second and third week of five series of each kind, 20,160 values.
    let check = |name: &str, most: usize, most_clear: usize, value: &dyn Fn(usize, &mut Dice) -> f64| {
        let (mut alarms, mut clear) = (0, 0);
        for seed in 0..5 {
            let (mut series, mut dice) = (Series::new(), Dice(seed));
            for index in 0..21 * DAY {
                let reading = series.observe(Some(at(index)), value(index, &mut dice));
                alarms += usize::from(reading.is_anomaly() && index >= 7 * DAY);
                clear += usize::from(reading.is_clear() && index >= 7 * DAY);
            }
        }
        println!("{name}: {alarms} alarms, {clear} clear");
        assert!(alarms <= most && clear <= most_clear, "{name}: {alarms} alarms, {clear} clear");
    };
    check("constant", 0, 0, &|_, _| 7.5);
    check("on and off", 0, 0, &|index, _| f64::from(u8::from(index % 2 == 0)));
    check("a square wave", 0, 0, &|index, _| if index / 144 % 2 == 0 { 20.0 } else { 80.0 });
    check("normal", 50, 1, &|_, dice| 50.0 + 5.0 * dice.normal());
    check("a day's wave", 50, 1, &|index, dice| 100.0 + 30.0 * by_day(index) + 5.0 * dice.normal());
    check("even", 50, 2, &|_, dice| dice.even());
    check("rare events", 50, 20, &|_, dice| f64::from(u8::from(dice.even() < 0.02)));
    check("heavy tails", 60, 12, &|_, dice| (3.0 + 0.7 * dice.normal()).exp());
}

#[test]
fn scale_and_unit_do_not_matter() {
    let found = |scale: f64| {
        anomalies(1500, |index, dice| scale * (50.0 + dice.normal() + if index == 1400 { 40.0 } else { 0.0 }))
    };
    let usual = found(1.0);
    assert!(usual.contains(&1400));
    // Powers of two lose no digits.
    for scale in [2f64.powi(-40), 2f64.powi(40), 2f64.powi(-4)] {
        assert_eq!(found(scale), usual, "times {scale}");
    }
}

#[test]
fn a_value_that_comes_far_too_late_is_an_anomaly_and_says_so() {
    let mut series = Series::new();
    let mut dice = Dice(3);
    for index in 0..500 {
        assert!(index < 100 || !matches!(series.observe(Some(at(index)), dice.even()).measure, Measure::Gap));
    }
    let reading = series.observe(Some(at(560)), 0.5);
    assert!(reading.is_anomaly());
    assert_eq!(reading.measure, Measure::Gap);
    assert_eq!(reading.why(), "seconds since the value before 18300 where at most 3000 is usual");
}

#[test]
fn after_an_anomaly_the_series_rests() {
    let found = anomalies(1300, |index, dice| 40.0 + dice.normal() + if index >= 1000 { 200.0 } else { 0.0 });
    let after: Vec<&usize> = found.iter().filter(|index| **index >= 1000).collect();
    assert_eq!(after[0], &1000);
    assert!(after.windows(2).all(|pair| pair[1] - pair[0] >= 100), "{after:?}");
}

#[test]
fn a_stored_series_goes_on_exactly_as_the_one_that_never_stopped_and_stays_small() {
    let (mut series, mut dice) = (Series::new(), Dice(11));
    for index in 0..30 * DAY {
        let value = 1e9 * (3.0 + dice.normal() / 3.0);
        series.observe(Some(at(index)), value);
        if index % 1000 == 999 {
            let text = serde_json::to_string(&series).unwrap();
            assert!(text.len() <= 16 * 1024, "{} bytes", text.len());
            let mut restored: Series = serde_json::from_str(&text).unwrap();
            let mut going_on = series.clone();
            for (later, value) in [(index + 1, value / 7.0), (index + 2, value * 3.1)] {
                assert_eq!(restored.observe(Some(at(later)), value), going_on.observe(Some(at(later)), value));
            }
            assert_eq!(serde_json::to_string(&restored).unwrap(), serde_json::to_string(&going_on).unwrap());
            series = serde_json::from_str(&text).unwrap();
        }
    }
    assert!(size_of::<Series>() <= 2048);
}

#[test]
fn no_values_or_times_break_a_series() {
    const VALUES: [f64; 11] = [
        0.0,
        -0.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1.0,
        -1e300,
    ];
    let (mut series, mut dice) = (Series::new(), Dice(5));
    for _ in 0..20_000 {
        let value = VALUES[(dice.even() * 11.0) as usize];
        let second = ((dice.even() - 0.5) * 7e11) as i64;
        let time =
            if dice.even() < 0.1 { None } else { Timestamp::from_second(second.clamp(-3e11 as i64, 2e11 as i64)).ok() };
        let reading = series.observe(time, value);
        assert!((0.0..=1.0).contains(&reading.score), "{reading:?}");
        assert!(!reading.why().is_empty());
    }
    let text = serde_json::to_string(&series).unwrap();
    assert!(text.len() <= 16 * 1024 && serde_json::from_str::<Series>(&text).is_ok());
}
