//! Numbers that leave their own past.
//!
//! A [`Series`] reads one metric's values in order, each once, and gives every value a score. It looks at the
//! value through several [`Measure`]s: the value itself and its logarithm, its mean over shorter and longer
//! whiles, how fast those means part, how far it scatters, and how far it lies from what is usual at this time of
//! the day and of the week. For each it keeps the extremes it has seen, which are forgotten slowly; a new extreme counts by
//! how far it goes beyond the old ones, as a share of their range. Records of whatever distribution become rare
//! as time goes by (the n-th of independent values is one with chance 2/n; Rényi 1962), and a real change breaks
//! one of some measure, so that one threshold serves all metrics, whatever their unit and scale. A value that
//! stays exactly the same for unusually long, and one that comes unusually late, count as well.
//!
//! After a score has reached the threshold, the series rests: what is new becomes the past. All it still says is that
//! the anomaly has grown into a [`CLEAR`] one.

mod extremes;
mod measure;
mod season;
mod series;
mod stored;

pub use measure::Measure;
pub use series::{Reading, Series, short};

/// A score that reaches this is an anomaly.
pub const THRESHOLD: f32 = 0.5;

/// An anomaly that reaches this goes three times as far beyond its past as it takes to be one. Noise seldom does.
pub const CLEAR: f32 = 0.75;

#[cfg(test)]
mod tests;
