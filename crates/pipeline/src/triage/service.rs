//! What triage remembers of one service between events: its log templates, which of them come steadily, failed log-ins,
//! rates of its error lines, the series of its numbers, running campaigns, and which fingerprints it has made lately. All of it is bounded, and each
//! part commits with the batch that changed it.

use super::campaign::Campaigns;
use super::fresh::FreshFingerprints;
use super::numbers::Numbers;
use super::template_row;
use super::urgency::NEW_LINES_AN_HOUR;
use foghorn_detect::login::BruteForceWindow;
use foghorn_detect::rate::RateWindow;
use foghorn_detect::steady::{Missed, SteadyTemplates};
use foghorn_detect::template::{ClusterRow, Miner};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_store::Result;
use foghorn_store::model::{ServiceStateRow, TemplateRow};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Error templates whose rate is watched; beyond it the one that was quiet longest makes room.
const MAX_RATES: usize = 256;

/// See the module.
pub struct ServiceMemory {
    partition: u16,
    /// The service's log templates.
    pub miner: Miner,
    first_seen: Part<Timestamp>,
    logins: Part<BruteForceWindow>,
    campaigns: Part<Campaigns>,
    rates: Part<BTreeMap<String, Rate>>,
    steady: Part<SteadyTemplates>,
    fresh: Part<FreshFingerprints>,
    /// When the last new error lines were told, oldest first.
    novelties: Part<Vec<Timestamp>>,
    /// Its metrics, and the numbers in its log lines.
    pub(super) numbers: Numbers,
    learned: bool,
    /// Whether the batch at hand has it on its list already.
    pub(super) listed: bool,
    /// The last batch that used it.
    pub(super) used_in: u64,
}

/// A part that is written when it has changed.
pub(super) struct Part<T> {
    value: T,
    is_dirty: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Rate {
    last_second: i64,
    window: RateWindow,
}

impl<T: Serialize + DeserializeOwned> Part<T> {
    pub(super) fn new(value: T, is_dirty: bool) -> Self {
        Self { value, is_dirty }
    }

    fn stored(parts: &[(String, String)], name: &str, otherwise: T) -> Result<Self> {
        match parts.iter().find(|(part, _)| part == name) {
            Some((_, text)) => Ok(Self::new(serde_json::from_str(text)?, false)),
            None => Ok(Self::new(otherwise, false)),
        }
    }

    /// The same for a part that need not be there.
    pub(super) fn stored_if_any(parts: &[(String, String)], name: &str) -> Result<Option<Self>> {
        let text = parts.iter().find(|(part, _)| part == name).map(|(_, text)| text);
        Ok(text.map(|text| serde_json::from_str(text)).transpose()?.map(|value| Self::new(value, false)))
    }

    pub(super) fn value(&self) -> &T {
        &self.value
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    pub(super) fn changed(&mut self) -> &mut T {
        self.is_dirty = true;
        &mut self.value
    }

    pub(super) fn take_change(&mut self) -> Result<Option<String>> {
        match std::mem::take(&mut self.is_dirty) {
            true => Ok(Some(serde_json::to_string(&self.value)?)),
            false => Ok(None),
        }
    }
}

impl ServiceMemory {
    /// A service seen for the first time.
    pub fn new(partition: u16, now: Timestamp) -> Self {
        Self {
            partition,
            miner: Miner::new(),
            first_seen: Part::new(now, true),
            logins: Part::new(BruteForceWindow::default(), false),
            campaigns: Part::new(Campaigns::default(), false),
            rates: Part::new(BTreeMap::new(), false),
            steady: Part::new(SteadyTemplates::default(), false),
            fresh: Part::new(FreshFingerprints::default(), false),
            novelties: Part::new(Vec::new(), false),
            numbers: Numbers::default(),
            learned: false,
            listed: false,
            used_in: 0,
        }
    }

    /// A service as the store remembers it.
    pub fn restore(
        partition: u16,
        now: Timestamp,
        parts: &[(String, String)],
        clusters: impl Iterator<Item = String>,
    ) -> Result<Self> {
        let mut rows = Vec::new();
        for text in clusters {
            rows.push(serde_json::from_str::<ClusterRow>(&text)?);
        }
        Ok(Self {
            miner: Miner::restore(rows.into_iter()),
            first_seen: Part::stored(parts, "first_seen", now)?,
            logins: Part::stored(parts, "logins", BruteForceWindow::default())?,
            campaigns: Part::stored(parts, "campaigns", Campaigns::default())?,
            rates: Part::stored(parts, "rates", BTreeMap::new())?,
            steady: Part::stored(parts, "steady", SteadyTemplates::default())?,
            fresh: Part::stored(parts, "fresh", FreshFingerprints::default())?,
            novelties: Part::stored(parts, "novelties", Vec::new())?,
            numbers: Numbers::restore(parts)?,
            ..Self::new(partition, now)
        })
    }

    /// When its first event arrived.
    pub fn first_seen(&self) -> Timestamp {
        self.first_seen.value
    }

    /// Its failed log-ins, about to be changed.
    pub(super) fn logins(&mut self) -> &mut BruteForceWindow {
        self.logins.changed()
    }

    /// Its campaigns, about to be changed.
    pub(super) fn campaigns(&mut self) -> &mut Campaigns {
        self.campaigns.changed()
    }

    /// Whether the service now calls a host that the payloads of a running campaign have named: of which kind the
    /// campaign is, and the host.
    pub(super) fn called_back(&self, at: Timestamp, calls: impl Fn(&str) -> bool) -> Option<(Kind, &str)> {
        let campaigns = &self.campaigns.value;
        if campaigns.expects_calls() { campaigns.called_back(at, calls) } else { None }
    }

    /// The rate of an error template, about to be changed.
    pub(super) fn rate(&mut self, birth_key: &str, at: Timestamp) -> &mut RateWindow {
        let rates = self.rates.changed();
        if !rates.contains_key(birth_key) && rates.len() >= MAX_RATES {
            let quietest = rates.iter().min_by_key(|(_, rate)| rate.last_second).map(|(key, _)| key.clone());
            quietest.and_then(|key| rates.remove(&key));
        }
        let rate = rates.entry(birth_key.to_owned()).or_default();
        rate.last_second = at.as_second();
        &mut rate.window
    }

    /// Hears a line of a template; `shown` says how it is shown to people.
    pub(super) fn hear_template(&mut self, birth_key: &str, at: Timestamp, shown: impl FnOnce() -> String) {
        self.steady.is_dirty |= self.steady.value.hear(birth_key, at, shown);
    }

    /// A steady template that stays away, see [`SteadyTemplates::missed`].
    pub(super) fn missed_template(&mut self) -> Option<Missed> {
        let missed = self.steady.value.missed();
        self.steady.is_dirty |= missed.is_some();
        missed
    }

    /// Whether this fingerprint may open an incident of its own, see [`FreshFingerprints`].
    pub(super) fn admits(&mut self, fingerprint: &Fingerprint, at: Timestamp, limit: usize) -> bool {
        if self.fresh.value.knows(fingerprint) {
            return true;
        }
        self.fresh.changed().admit(fingerprint, at, limit)
    }

    /// Whether one more new error line may be told, see [`NEW_LINES_AN_HOUR`].
    pub(super) fn admits_novelty(&mut self, at: Timestamp) -> bool {
        let is_recent = |told: &Timestamp| at.duration_since(*told) < SignedDuration::from_hours(1);
        if self.novelties.value.iter().filter(|told| is_recent(told)).count() >= NEW_LINES_AN_HOUR {
            return false;
        }
        let novelties = self.novelties.changed();
        novelties.retain(is_recent);
        novelties.push(at);
        true
    }

    /// Says that the miner has learned something.
    pub(super) fn learned(&mut self) {
        self.learned = true;
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.learned
            || self.first_seen.is_dirty
            || self.logins.is_dirty
            || self.campaigns.is_dirty
            || self.rates.is_dirty
            || self.steady.is_dirty
            || self.fresh.is_dirty
            || self.novelties.is_dirty
            || self.numbers.is_dirty()
    }

    /// What has changed since the last call, as rows.
    pub(super) fn take_changes(&mut self, scope: &str) -> Result<(Vec<TemplateRow>, Vec<ServiceStateRow>)> {
        self.learned = false;
        let mut templates = Vec::new();
        for row in self.miner.rows_changed() {
            templates.push(template_row(scope, row.birth_key.to_string(), serde_json::to_string(&row)?));
        }
        let numbers = self.numbers.take_changes()?;
        let parts = [
            ("first_seen", self.first_seen.take_change()?),
            ("logins", self.logins.take_change()?),
            ("campaigns", self.campaigns.take_change()?),
            ("rates", self.rates.take_change()?),
            ("steady", self.steady.take_change()?),
            ("fresh", self.fresh.take_change()?),
            ("novelties", self.novelties.take_change()?),
        ];
        let partition = self.partition;
        let row = |(part, state): (&'static str, Option<String>)| {
            Some(ServiceStateRow { scope: scope.to_owned(), part, partition, state: state? })
        };
        Ok((templates, parts.into_iter().chain(numbers).filter_map(row).collect()))
    }
}
