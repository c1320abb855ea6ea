//! How many calls are taken, each kind by its own count.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Calls that arrive a little early are taken: they left in time.
const TOLERANCE: SignedDuration = SignedDuration::from_millis(250);

/// The limits, and what was used of them.
pub(super) struct Rate {
    every: SignedDuration,
    burst: u32,
    edits_every: SignedDuration,
    edits_burst: u32,
    whole_at: HashMap<String, Timestamp>,
}

impl Rate {
    pub(super) fn new(every: SignedDuration, burst: u32, edits_every: SignedDuration, edits_burst: u32) -> Self {
        Self { every, burst, edits_every, edits_burst, whole_at: HashMap::new() }
    }

    /// Counts a post to a channel, or says after how many seconds to come again.
    pub(super) fn post(&mut self, channel: &str, now: Timestamp) -> Result<(), u64> {
        self.count(channel.to_owned(), self.every, self.burst, now)
    }

    /// The same for an edit, all channels together.
    pub(super) fn edit(&mut self, now: Timestamp) -> Result<(), u64> {
        self.count("edits".to_owned(), self.edits_every, self.edits_burst, now)
    }

    fn count(&mut self, key: String, every: SignedDuration, burst: u32, now: Timestamp) -> Result<(), u64> {
        let whole_at = self.whole_at.entry(key).or_insert(now);
        let free_at = *whole_at - every * i32::try_from(burst - 1).unwrap() - TOLERANCE;
        if free_at > now {
            let wait = free_at.duration_since(now).as_secs_f64().ceil();
            return Err((wait as u64).max(1));
        }
        *whole_at = (*whole_at).max(now) + every;
        Ok(())
    }
}
