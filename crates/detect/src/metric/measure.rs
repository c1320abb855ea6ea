//! [`Measure`]: the sides from which a series is looked at.

use std::fmt;

/// What left its range. Spans are in values, as an exponentially weighted mean spans them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The value itself.
    Value,
    /// The logarithm of its magnitude: for metrics that live on many scales.
    Magnitude,
    /// A mean over so many values.
    Mean(u16),
    /// A mean over so many values, against the last days only.
    RecentMean(u16),
    /// How far the mean over the first span lies above that over the second.
    Shift(u16, u16),
    /// The logarithm of the variance over so many values.
    Spread(u16),
    /// How far the value lies above what is usual at this time of the day.
    TimeOfDay,
    /// How far the value lies above what is usual at this hour of the week.
    TimeOfWeek,
    /// For how many values the value has been exactly the same.
    Stuck,
    /// Seconds since the value before.
    Gap,
}

impl Measure {
    /// Those that keep their extremes, in the order in which a series stores them.
    pub(super) const RANGED: [Self; 16] = [
        Self::Value,
        Self::Magnitude,
        Self::TimeOfDay,
        Self::TimeOfWeek,
        Self::Mean(4),
        Self::Mean(16),
        Self::Mean(64),
        Self::Mean(128),
        Self::RecentMean(32),
        Self::RecentMean(128),
        Self::Shift(2, 16),
        Self::Shift(4, 32),
        Self::Shift(8, 64),
        Self::Shift(32, 256),
        Self::Spread(32),
        Self::Spread(128),
    ];

    /// The share by which the extremes move towards each value.
    pub(super) fn forgetting(self) -> f64 {
        match self {
            Self::RecentMean(_) => 0.000_3,
            _ => 0.000_05,
        }
    }

    /// Values before this one that a series must have seen for the measure to speak.
    pub(super) fn warm_up(self) -> u32 {
        let longest = match self {
            Self::Mean(span) | Self::RecentMean(span) | Self::Shift(_, span) | Self::Spread(span) => u32::from(span),
            Self::TimeOfDay => return 100,
            Self::TimeOfWeek => return 400,
            _ => 1,
        };
        (longest + longest / 2).max(60)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("value"),
            Self::Magnitude => f.write_str("order of magnitude"),
            Self::Mean(span) => write!(f, "mean of some {span} values"),
            Self::RecentMean(span) => write!(f, "mean of some {span} values, against those of late"),
            Self::Shift(short, long) => write!(f, "shift of the last {short} values from the last {long}"),
            Self::Spread(span) => write!(f, "spread of some {span} values"),
            Self::TimeOfDay => f.write_str("difference from what is usual at this time of day"),
            Self::TimeOfWeek => f.write_str("difference from what is usual at this hour of the week"),
            Self::Stuck => f.write_str("number of equal values in a row"),
            Self::Gap => f.write_str("seconds since the value before"),
        }
    }
}
