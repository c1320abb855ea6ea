//! What triage remembers of one service between events: its log templates, failed log-ins, rates of its
//! error lines, running campaigns, and how many new fingerprints it has made lately. All of it is bounded,
//! and all of it commits with the batch that changed it.

use super::campaign::Campaigns;
use super::template_row;
use foghorn_detect::login::BruteForceWindow;
use foghorn_detect::rate::RateWindow;
use foghorn_detect::template::{ClusterRow, Miner};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_store::Result;
use foghorn_store::model::{ServiceStateRow, TemplateRow};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Error templates whose rate is watched; further ones are not.
const MAX_RATES: usize = 256;

/// See the module.
pub struct ServiceMemory {
    partition: u16,
    /// The service's log templates.
    pub miner: Miner,
    kept: Kept,
    is_dirty: bool,
    /// Whether the batch at hand has it on its list already.
    pub(super) listed: bool,
}

/// The part that is stored as one JSON text.
#[derive(Serialize, Deserialize)]
struct Kept {
    first_seen: Timestamp,
    #[serde(default)]
    logins: BruteForceWindow,
    #[serde(default)]
    campaigns: Campaigns,
    #[serde(default)]
    rates: BTreeMap<String, RateWindow>,
    #[serde(default)]
    fresh: FreshFingerprints,
}

/// Fingerprints that were new within the running hour.
#[derive(Default, Serialize, Deserialize)]
struct FreshFingerprints {
    hour: i64,
    seen: BTreeSet<String>,
}

impl ServiceMemory {
    /// A service seen for the first time.
    pub fn new(partition: u16, now: Timestamp) -> Self {
        let kept = Kept {
            first_seen: now,
            logins: BruteForceWindow::default(),
            campaigns: Campaigns::default(),
            rates: BTreeMap::new(),
            fresh: FreshFingerprints::default(),
        };
        Self { partition, miner: Miner::new(), kept, is_dirty: true, listed: false }
    }

    /// A service as the store remembers it.
    pub fn restore(partition: u16, state: &str, clusters: impl Iterator<Item = String>) -> Result<Self> {
        let mut rows = Vec::new();
        for text in clusters {
            rows.push(serde_json::from_str::<ClusterRow>(&text)?);
        }
        let miner = Miner::restore(rows.into_iter());
        Ok(Self { partition, miner, kept: serde_json::from_str(state)?, is_dirty: false, listed: false })
    }

    /// When its first event arrived.
    pub fn first_seen(&self) -> Timestamp {
        self.kept.first_seen
    }

    /// Its failed log-ins, about to be changed.
    pub(super) fn logins(&mut self) -> &mut BruteForceWindow {
        self.is_dirty = true;
        &mut self.kept.logins
    }

    /// Its campaigns, about to be changed.
    pub(super) fn campaigns(&mut self) -> &mut Campaigns {
        self.is_dirty = true;
        &mut self.kept.campaigns
    }

    /// The rate of an error template, about to be changed; `None` where too many are watched already.
    pub(super) fn rate(&mut self, birth_key: &str) -> Option<&mut RateWindow> {
        self.is_dirty = true;
        if !self.kept.rates.contains_key(birth_key) && self.kept.rates.len() >= MAX_RATES {
            return None;
        }
        Some(self.kept.rates.entry(birth_key.to_owned()).or_default())
    }

    /// Whether this fingerprint may open an incident of its own: the service has made fewer than `limit`
    /// new ones in this hour, or this is one of them.
    pub(super) fn admits(&mut self, fingerprint: &Fingerprint, at: Timestamp, limit: usize) -> bool {
        let hour = at.as_second() / SignedDuration::from_hours(1).as_secs();
        let fresh = &mut self.kept.fresh;
        if fresh.hour != hour {
            *fresh = FreshFingerprints { hour, seen: BTreeSet::new() };
            self.is_dirty = true;
        }
        if fresh.seen.contains(fingerprint.as_str()) {
            return true;
        }
        if fresh.seen.len() >= limit {
            return false;
        }
        fresh.seen.insert(fingerprint.as_str().to_owned());
        self.is_dirty = true;
        true
    }

    /// Says that the miner has learned something.
    pub(super) fn learned(&mut self) {
        self.is_dirty = true;
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// What has changed since the last call, as rows.
    pub(super) fn take_changes(&mut self, scope: &str) -> Result<(Vec<TemplateRow>, Option<ServiceStateRow>)> {
        let mut templates = Vec::new();
        for row in self.miner.rows_changed() {
            templates.push(template_row(scope, row.birth_key.to_string(), serde_json::to_string(&row)?));
        }
        if !std::mem::take(&mut self.is_dirty) {
            return Ok((templates, None));
        }
        let state = serde_json::to_string(&self.kept)?;
        Ok((templates, Some(ServiceStateRow { scope: scope.to_owned(), partition: self.partition, state })))
    }
}
