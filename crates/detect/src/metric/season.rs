//! [`Season`]: what is usual at this time of a day or a week.

use serde::{Deserialize, Serialize};

/// Weight of a slot's latest value once it has seen some.
const WEIGHT: f64 = 0.1;

/// A period in slots, each with the mean of its values, of which the last few count most. Days and weeks are those of UTC;
/// where people live by another clock, the slots are only named differently.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(super) struct Season {
    seconds: u32,
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    mean: f32,
    seen: u8,
}

impl Season {
    /// A day in quarters of an hour.
    pub(super) fn day() -> Self {
        Self { seconds: 900, slots: vec![Slot::default(); 96] }
    }

    /// A week in hours.
    pub(super) fn week() -> Self {
        Self { seconds: 3600, slots: vec![Slot::default(); 168] }
    }

    /// Takes a value in and says how far it lies from what was usual; `None` where that is not known yet.
    pub(super) fn observe(&mut self, at_second: i64, value: f64) -> Option<f64> {
        let count = i64::try_from(self.slots.len()).unwrap_or(1).max(1);
        let place = at_second.div_euclid(i64::from(self.seconds)).rem_euclid(count);
        let slot = self.slots.get_mut(usize::try_from(place).unwrap_or(0))?;
        let difference = value - f64::from(slot.mean);
        let weight = WEIGHT.max(1.0 / (f64::from(slot.seen) + 1.0));
        let is_known = slot.seen > 0;
        let base = if is_known { f64::from(slot.mean) } else { 0.0 };
        // Beyond what a slot can hold, all that is lost is how far beyond.
        slot.mean = ((base + weight * (value - base)) as f32).clamp(f32::MIN, f32::MAX);
        slot.seen = slot.seen.saturating_add(1);
        is_known.then_some(difference)
    }
}

/// Means as bits, then how many values each slot has seen.
#[derive(Serialize, Deserialize)]
struct Stored(u32, Vec<u32>, Vec<u8>);

impl From<Season> for Stored {
    fn from(season: Season) -> Self {
        let slots = season.slots;
        Self(
            season.seconds,
            slots.iter().map(|slot| slot.mean.to_bits()).collect(),
            slots.iter().map(|slot| slot.seen).collect(),
        )
    }
}

impl TryFrom<Stored> for Season {
    type Error = &'static str;

    fn try_from(Stored(seconds, means, seen): Stored) -> Result<Self, Self::Error> {
        let is_known = [Self::day(), Self::week()]
            .iter()
            .any(|known| (known.seconds, known.slots.len(), known.slots.len()) == (seconds, means.len(), seen.len()));
        if !is_known {
            return Err("neither a day nor a week");
        }
        let slots = means.into_iter().zip(seen).map(|(mean, seen)| Slot { mean: f32::from_bits(mean), seen }).collect();
        Ok(Self { seconds, slots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_compared_with_those_of_its_time() {
        let mut day = Season::day();
        assert_eq!(day.observe(600, 5.0), None);
        assert_eq!(day.observe(900, 7.0), None);
        assert_eq!(day.observe(600 + 86_400, 6.0), Some(1.0));
        assert_eq!(day.observe(-86_400, 5.5), Some(0.0));
        let mut week = Season::week();
        week.observe(0, 1.0);
        assert_eq!(week.observe(86_400, 1.0), None);
        assert_eq!(week.observe(7 * 86_400 + 3599, 3.0), Some(2.0));
    }

    #[test]
    fn what_is_stored_is_restored_or_refused() {
        let mut week = Season::week();
        week.observe(0, 0.1);
        let text = serde_json::to_string(&week).unwrap();
        let mut restored: Season = serde_json::from_str(&text).unwrap();
        assert_eq!(restored.observe(1, 0.1), week.observe(1, 0.1));
        assert!(serde_json::from_str::<Season>("[900,[],[]]").is_err());
        assert!(serde_json::from_str::<Season>("[0,[1],[1]]").is_err());
    }
}
