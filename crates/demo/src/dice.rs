//! Chance that is the same for the same seed.

/// A wording, with what varies in it thrown anew each time.
pub(crate) type Words = fn(&mut Dice) -> String;

/// A stream of numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A stream of its own for each part of the story, so that leaving out one part changes no other.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5afe_5eed;
        for byte in part.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(state)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0) as u64 + 1;
        low + (self.next() % span) as i64
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of a list, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[(self.next() % list.len().max(1) as u64) as usize]
    }

    /// A number about `mean`, hardly ever more than twice `spread` away: four throws, averaged.
    pub(crate) fn about(&mut self, mean: f64, spread: f64) -> f64 {
        let throws: f64 = (0..4).map(|_| (self.next() >> 11) as f64 / (1_u64 << 53) as f64).sum();
        mean + spread * (throws - 2.0) * 1.7
    }

    /// So many hexadecimal digits, at most 16.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.next());
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_part_throw_the_same_and_others_do_not() {
        let throws = |seed, part| {
            let mut dice = Dice::new(seed, part);
            [dice.next(), dice.next()]
        };
        assert_eq!(throws(1, "a"), throws(1, "a"));
        assert_ne!(throws(1, "a"), throws(2, "a"));
        assert_ne!(throws(1, "a"), throws(1, "b"));
    }

    #[test]
    fn throws_stay_in_their_range() {
        let mut dice = Dice::new(7, "range");
        for _ in 0..1000 {
            assert!((3..=5).contains(&dice.between(3, 5)));
            assert!((9.0..=51.0).contains(&dice.about(30.0, 6.0)));
            assert_eq!(dice.hex(12).len(), 12);
        }
        assert_eq!(dice.between(4, 4), 4);
    }
}
