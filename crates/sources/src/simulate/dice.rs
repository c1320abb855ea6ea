//! Numbers that look random and are the same again for the same seed.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(super) struct Dice {
    state: u64,
    run: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// Dice for one event of a run.
    pub(super) fn new(seed: u64, index: u32) -> Self {
        let state = mix(seed.wrapping_add(STEP)) ^ mix(u64::from(index).wrapping_mul(STEP));
        Self { state, run: mix(seed ^ STEP) }
    }

    /// The next number, from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + (self.next() % span) as u32
    }

    /// One of several.
    pub(super) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let index = self.next() % (from.len().max(1) as u64);
        from.get(index as usize).copied().unwrap_or_default()
    }

    /// So many hexadecimal digits, at most 16.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.next());
        text.truncate(digits);
        text
    }

    /// An address from 203.0.113.0/24.
    pub(super) fn address(&mut self) -> String {
        format!("203.0.113.{}", self.between(1, 254))
    }

    /// An address from 198.51.100.0/24 that stays the same for the whole run.
    pub(super) fn address_of_the_run(&self) -> String {
        format!("198.51.100.{}", self.run % 254 + 1)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
