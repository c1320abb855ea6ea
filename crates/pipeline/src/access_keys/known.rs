//! The keys that are live, as this process knows them: found by digest, each with what is left of its quota.

use super::share::{Batch, OverQuota, Shares};
use foghorn_domain::access_key::{Quota, Scope};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_store::access_keys::AccessKeyRow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How often at most the last use of a key is written down.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A key that is live.
#[derive(Debug)]
pub struct LiveKey {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The source of events that name none.
    pub source: Option<String>,
    quota: Option<(Quota, Mutex<Shares>)>,
    /// Microseconds since 1970; 0 for never.
    used: AtomicI64,
    noted: AtomicI64,
}

impl LiveKey {
    fn new(row: AccessKeyRow, now: Timestamp) -> Self {
        let noted = row.last_used_at.map_or(0, Timestamp::as_microsecond);
        Self {
            id: row.id,
            name: row.name,
            scope: row.scope,
            source: row.source,
            quota: row.quota.map(|quota| (quota, Mutex::new(Shares::full(quota, now)))),
            used: AtomicI64::new(noted),
            noted: AtomicI64::new(noted),
        }
    }

    /// Remembers that it was used.
    pub(super) fn touch(&self, now: Timestamp) {
        self.used.fetch_max(now.as_microsecond(), Ordering::Relaxed);
    }

    /// Its last use, if that is to be written down now.
    pub(super) fn to_note(&self) -> Option<Timestamp> {
        let (used, noted) = (self.used.load(Ordering::Relaxed), self.noted.load(Ordering::Relaxed));
        let pause = i64::try_from(NOTED_EVERY.as_micros()).unwrap_or(i64::MAX);
        (used > noted && (noted == 0 || used - noted >= pause))
            .then(|| Timestamp::from_microsecond(used).ok())
            .flatten()
    }

    /// It was written down.
    pub(super) fn noted(&self, at: Timestamp) {
        self.noted.fetch_max(at.as_microsecond(), Ordering::Relaxed);
    }

    /// Takes events off the quota: all, or none and why.
    pub(super) fn take(&self, batch: Batch, now: Timestamp) -> Result<(), OverQuota> {
        let Some((quota, shares)) = &self.quota else { return Ok(()) };
        let taken = shares.lock().unwrap_or_else(PoisonError::into_inner).take(*quota, batch, now);
        taken.map_err(|lack| OverQuota {
            key: self.name.clone(),
            quota: *quota,
            events: if lack.are_alerts { batch.alerts } else { batch.others },
            are_alerts: lack.are_alerts,
            retry_after: lack.seconds,
        })
    }

    /// Gives back what was taken for events that could not be stored.
    pub(super) fn give_back(&self, batch: Batch) {
        if let Some((quota, shares)) = &self.quota {
            shares.lock().unwrap_or_else(PoisonError::into_inner).give_back(*quota, batch);
        }
    }
}

/// All live keys.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<String, Arc<LiveKey>>);

impl Known {
    /// The keys of the store. What an earlier reading knew keeps what is left of its quota.
    pub(super) fn new(rows: Vec<AccessKeyRow>, before: Option<&Self>, now: Timestamp) -> Self {
        let keys = rows.into_iter().map(|row| {
            let digest = row.digest.clone();
            let known = before.and_then(|before| before.0.get(&digest)).map(Arc::clone);
            (digest, known.unwrap_or_else(|| Arc::new(LiveKey::new(row, now))))
        });
        Self(keys.collect())
    }

    pub(super) fn by_digest(&self, digest: &str) -> Option<&Arc<LiveKey>> {
        self.0.get(digest)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Arc<LiveKey>> {
        self.0.values()
    }

    /// Those that the other does not know.
    pub(super) fn missing_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Arc<LiveKey>> {
        self.0.iter().filter(|(digest, _)| !other.0.contains_key(*digest)).map(|(_, key)| key)
    }
}
