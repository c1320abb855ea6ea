//! [`Extremes`]: the range that a measure has kept to.

use super::stored;
use serde::{Deserialize, Serialize};

/// The least and the greatest value seen, both drawn towards the present a little by every value.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Extremes {
    #[serde(with = "stored")]
    range: [f64; 2],
    is_begun: bool,
}

impl Extremes {
    /// Takes a value in and says how far it lies outside the range so far, as a share of the range; 0 for one
    /// inside. `forget` is the share by which each end moves towards the value.
    pub(super) fn observe(&mut self, value: f64, forget: f64) -> f64 {
        if !self.is_begun {
            *self = Self { range: [value; 2], is_begun: true };
            return 0.0;
        }
        let [low, high] = self.range;
        let beyond = (value - high).max(low - value).max(0.0);
        self.range = [
            if value < low { value } else { low + forget * (value - low) },
            if value > high { value } else { high - forget * (high - value) },
        ];
        beyond / width([low, high])
    }

    /// Whether nothing but one value, over and over, has been seen.
    pub(super) fn is_constant(&self) -> bool {
        self.range[0] == self.range[1]
    }

    pub(super) fn range(&self) -> [f64; 2] {
        self.range
    }
}

/// The width of a range; never so small that rounding would look like a departure.
fn width([low, high]: [f64; 2]) -> f64 {
    (high - low).max(1e-9 * (high.abs() + low.abs()) + 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_counts_by_the_width_of_the_range() {
        let mut extremes = Extremes::default();
        assert_eq!(extremes.observe(10.0, 0.0), 0.0);
        assert!(extremes.is_constant());
        extremes.observe(20.0, 0.0);
        assert_eq!(extremes.observe(15.0, 0.0), 0.0);
        assert_eq!(extremes.observe(25.0, 0.0), 0.5);
        assert_eq!(extremes.observe(25.0, 0.0), 0.0);
        assert_eq!(extremes.observe(7.0, 0.0), 0.2);
        assert_eq!(extremes.range(), [7.0, 25.0]);
    }

    #[test]
    fn extremes_are_forgotten_slowly() {
        let mut extremes = Extremes::default();
        for value in [0.0, 100.0, 50.0, 50.0] {
            extremes.observe(value, 0.5);
        }
        assert_eq!(extremes.range(), [50.0, 62.5]);
    }
}
