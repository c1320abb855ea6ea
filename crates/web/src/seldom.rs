//! Log lines that a flood of requests would repeat: one in ten seconds is written, and says how many were not.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a line keeps its repeats back.
const PAUSE: Duration = Duration::from_secs(10);

/// The memory of one line.
pub(crate) struct Seldom(Mutex<(Option<Instant>, u64)>);

impl Seldom {
    /// A line that was never written.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Whether it is to be written now; if so, how many were held back since the last one.
    pub(crate) fn pass(&self, now: Instant) -> Option<u64> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (written, held_back) = *memory;
        if written.is_some_and(|written| now.saturating_duration_since(written) < PAUSE) {
            memory.1 += 1;
            return None;
        }
        *memory = (Some(now), 0);
        Some(held_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_in_ten_seconds_and_counts_the_others() {
        let (seldom, start) = (Seldom::new(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(seldom.pass(start), Some(0));
        assert_eq!((seldom.pass(after(1)), seldom.pass(after(9))), (None, None));
        assert_eq!(seldom.pass(after(10)), Some(2));
        assert_eq!(seldom.pass(after(25)), Some(0));
    }
}
