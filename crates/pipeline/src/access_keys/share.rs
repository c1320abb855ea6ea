//! How much of a key's quota is left: a token bucket (<https://en.wikipedia.org/wiki/Token_bucket>) for alerts and
//! one for everything else, so that a flood of log lines over a key never refuses an alert that comes with it.

use foghorn_domain::access_key::Quota;
use foghorn_domain::clock::Timestamp;

/// Events of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What begins, ends or is taken at its source.
    pub alerts: u32,
    /// Everything else.
    pub others: u32,
}

/// Why events are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverQuota {
    /// Of which key.
    pub key: String,
    /// What it allows.
    pub quota: Quota,
    /// Events of the kind that is too many.
    pub events: u32,
    /// Whether those are alerts.
    pub are_alerts: bool,
    /// Seconds until the same would be taken, or, where it never would, until the quota is whole again.
    pub retry_after: u64,
}

impl OverQuota {
    /// Whether so many events are never taken at once.
    pub fn never_fits(&self) -> bool {
        self.events > self.quota.burst()
    }
}

/// Both buckets of a key.
#[derive(Debug)]
pub(super) struct Shares {
    alerts: Bucket,
    others: Bucket,
}

/// Which bucket has too little, and for how many seconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lack {
    pub(super) are_alerts: bool,
    pub(super) seconds: u64,
}

impl Shares {
    pub(super) fn full(quota: Quota, now: Timestamp) -> Self {
        let bucket = || Bucket { level: f64::from(quota.burst()), at: now };
        Self { alerts: bucket(), others: bucket() }
    }

    /// Takes all of a batch, or nothing.
    pub(super) fn take(&mut self, quota: Quota, batch: Batch, now: Timestamp) -> Result<(), Lack> {
        let lack = |are_alerts| move |seconds| Lack { are_alerts, seconds };
        self.alerts.look(quota, batch.alerts, now).map_err(lack(true))?;
        self.others.look(quota, batch.others, now).map_err(lack(false))?;
        self.alerts.level -= f64::from(batch.alerts);
        self.others.level -= f64::from(batch.others);
        Ok(())
    }

    /// Gives back what was taken for events that could not be stored.
    pub(super) fn give_back(&mut self, quota: Quota, batch: Batch) {
        self.alerts.add(quota, f64::from(batch.alerts));
        self.others.add(quota, f64::from(batch.others));
    }
}

/// Events that may come now.
#[derive(Debug)]
struct Bucket {
    level: f64,
    at: Timestamp,
}

impl Bucket {
    /// Whether so many are there; if not, how many seconds it takes until they are.
    fn look(&mut self, quota: Quota, events: u32, now: Timestamp) -> Result<(), u64> {
        // A clock that was put back adds nothing, and what passes from then on counts again.
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.at = now;
        self.add(quota, passed * f64::from(quota.events_per_second()));
        let missing = f64::from(events.min(quota.burst())) - self.level;
        if events == 0 || (missing <= 0.0 && events <= quota.burst()) {
            return Ok(());
        }
        // Both are bounded by a million events, so the cast is exact.
        Err((missing / f64::from(quota.events_per_second())).ceil().max(1.0) as u64)
    }

    fn add(&mut self, quota: Quota, events: f64) {
        self.level = (self.level + events).min(f64::from(quota.burst()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::clock::SignedDuration;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(milliseconds: i64) -> Timestamp {
        START + SignedDuration::from_millis(milliseconds)
    }

    fn others(others: u32) -> Batch {
        Batch { alerts: 0, others }
    }

    fn shares() -> (Shares, Quota) {
        let quota = Quota::new(10, Some(100)).unwrap();
        (Shares::full(quota, START), quota)
    }

    #[test]
    fn a_burst_is_taken_and_then_as_many_as_time_allows() {
        let (mut shares, quota) = shares();
        let mut take = |events, at| shares.take(quota, others(events), after(at)).map_err(|lack| lack.seconds);
        assert_eq!(take(100, 0), Ok(()));
        assert_eq!(take(1, 0), Err(1));
        assert_eq!(take(25, 1_000), Err(2), "15 more come within two seconds");
        assert_eq!(take(10, 1_000), Ok(()));
        assert_eq!(take(0, 1_000), Ok(()));
        assert_eq!(take(100, 60_000), Ok(()), "a pause fills it, and no more than that");
        assert_eq!(take(1, 60_000), Err(1));
    }

    #[test]
    fn too_many_at_once_are_refused_as_a_whole_and_take_nothing() {
        let (mut shares, quota) = shares();
        let lack = shares.take(quota, others(101), START).unwrap_err();
        assert_eq!(lack, Lack { are_alerts: false, seconds: 1 });
        assert!(shares.take(quota, Batch { alerts: 101, others: 100 }, START).unwrap_err().are_alerts);
        assert_eq!(shares.take(quota, others(100), START), Ok(()));
    }

    #[test]
    fn a_flood_of_lines_leaves_the_share_of_alerts_whole() {
        let (mut shares, quota) = shares();
        assert!(shares.take(quota, others(100), START).is_ok() && shares.take(quota, others(1), START).is_err());
        assert_eq!(shares.take(quota, Batch { alerts: 100, others: 0 }, START), Ok(()));
        assert!(shares.take(quota, Batch { alerts: 1, others: 0 }, START).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_never_exceeds_the_burst() {
        let (mut shares, quota) = shares();
        shares.take(quota, others(100), START).unwrap();
        shares.give_back(quota, others(30));
        assert!(shares.take(quota, others(31), START).is_err() && shares.take(quota, others(30), START).is_ok());
        shares.give_back(quota, others(1_000));
        assert!(shares.take(quota, others(100), START).is_ok() && shares.take(quota, others(1), START).is_err());
    }

    #[test]
    fn a_clock_that_is_put_back_neither_fills_nor_blocks() {
        let (mut shares, quota) = shares();
        shares.take(quota, others(100), after(3_600_000)).unwrap();
        assert!(shares.take(quota, others(1), after(0)).is_err());
        assert!(shares.take(quota, others(10), after(1_000)).is_ok());
    }
}
