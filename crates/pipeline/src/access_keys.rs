//! Access keys: made, revoked, and known to whoever guards the door.
//!
//! [`AccessKeys`] keeps the live ones in memory ([`known`]), so that a request asks no database who calls. The copy
//! is made anew whenever this process changes a key and every two seconds besides, so that a key revoked by another
//! process dies within seconds here, too. Where the store cannot be read, the last copy stands. What is left of a
//! key's quota is this process's own ([`share`]).

mod known;
mod share;

pub use known::LiveKey;
pub use share::{Batch, OverQuota};

use crate::act::Actor;
use crate::metrics::Metrics;
use foghorn_domain::access_key::{
    Quota, RANDOM_BYTES, Scope, check_name, digest_of, looks_like_one, prefix_of, text_of,
};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::secret::Secret;
use foghorn_domain::text::plain_text;
use foghorn_store::access_keys::{AccessKeyRow, NewAccessKey};
use foghorn_store::{Error, Result, Store};
use known::Known;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How old the copy gets.
const REFRESH: Duration = Duration::from_secs(2);

/// How often is looked for uses to write down.
const NOTE: Duration = Duration::from_secs(10);

/// The longest source, in characters, as an event may have it.
const MOST_SOURCE_CHARACTERS: usize = 255;

/// What a key is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The source of events that name none.
    pub source: Option<String>,
    /// How many events may come with it.
    pub quota: Option<Quota>,
}

/// Why a key cannot be as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFault {
    /// Of which field.
    pub field: &'static str,
    /// What is wrong with it, a sentence.
    pub message: String,
}

impl Wanted {
    /// Reads what somebody typed or sent. `quota` reads `500/s`.
    pub fn parse(
        name: &str,
        scope: &str,
        source: Option<&str>,
        quota: Option<&str>,
        burst: Option<u32>,
    ) -> std::result::Result<Self, WantedFault> {
        let fault = |field| move |message| WantedFault { field, message };
        let name = name.trim();
        check_name(name).map_err(fault("name"))?;
        let scope =
            Scope::parse(scope.trim()).ok_or_else(|| fault("scope")("a scope is intake, read or act".to_owned()))?;
        let source = source.map(|source| plain_text(source).trim().to_owned()).filter(|source| !source.is_empty());
        if source.as_ref().is_some_and(|source| source.chars().count() > MOST_SOURCE_CHARACTERS) {
            return Err(fault("source")(format!("a source is at most {MOST_SOURCE_CHARACTERS} characters")));
        }
        let quota = match quota.map(str::trim).filter(|quota| !quota.is_empty()) {
            Some(quota) => Some(Quota::parse(quota, burst).map_err(fault("quota"))?),
            None if burst.is_some() => return Err(fault("quota")("a burst needs a quota, such as 500/s".to_owned())),
            None => None,
        };
        if scope != Scope::Intake && (quota.is_some() || source.is_some()) {
            let field = if quota.is_some() { "quota" } else { "source" };
            return Err(fault(field)("events come with keys of the scope intake only".to_owned()));
        }
        Ok(Self { name: name.to_owned(), scope, source, quota })
    }
}

/// A key as the interface shows it: everything but the key.
pub fn shown(row: &AccessKeyRow) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "scope": row.scope.as_str(),
        "prefix": row.prefix,
        "source": row.source,
        "quota": row.quota.map(|quota| format!("{}/s", quota.events_per_second())),
        "burst": row.quota.map(Quota::burst),
        "created_at": row.created_at,
        "created_by": row.created_by,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "revoked_by": row.revoked_by,
    })
}

/// What was presented.
#[derive(Clone, Debug)]
pub enum Presented {
    /// A key that is live.
    Live(Arc<LiveKey>),
    /// Nothing that is known.
    Unknown,
    /// It may be one: which keys there are could not be read yet.
    NotReadYet,
}

/// The way to the keys; clones share the copy.
#[derive(Clone)]
pub struct AccessKeys {
    store: Store,
    metrics: Metrics,
    known: Arc<RwLock<Option<Arc<Known>>>>,
    /// Held while the copy is made, so that an older reading never replaces a newer one.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl AccessKeys {
    /// Nothing is read before somebody asks.
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self { store, metrics, known: Arc::default(), reading: Arc::default() }
    }

    /// Keys that are live, by name; with `revoked` the newest of those that are not follow.
    pub async fn list(&self, revoked: bool) -> Result<Vec<AccessKeyRow>> {
        self.store.access_keys(revoked).await
    }

    /// Makes a key. Its text is in the answer and nowhere else, ever.
    pub async fn add(&self, wanted: Wanted, actor: &Actor) -> Result<(AccessKeyRow, Secret)> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)
            .map_err(|error| Error::Database { doing: "drawing a random key", detail: error.to_string() })?;
        let text = text_of(wanted.scope, &random);
        let new = NewAccessKey {
            name: wanted.name,
            scope: wanted.scope,
            prefix: prefix_of(&text),
            digest: digest_of(&text),
            source: wanted.source,
            quota: wanted.quota,
            created_by: actor.who.clone(),
        };
        let row = self.store.add_access_key(new, actor.details()).await?;
        self.refresh_or_warn().await;
        Ok((row, Secret::new(text)))
    }

    /// Revokes a key: from now on in this process, within seconds in others.
    pub async fn revoke(&self, id: i64, actor: &Actor) -> Result<AccessKeyRow> {
        let row = self.store.revoke_access_key(id, actor.who.clone(), actor.details()).await?;
        self.refresh_or_warn().await;
        Ok(row)
    }

    /// Whose key a text is. Reads the store only where no copy was made yet.
    pub async fn present(&self, text: &str, now: Timestamp) -> Presented {
        if !looks_like_one(text) {
            return Presented::Unknown;
        }
        if self.copy().is_none() {
            self.refresh_or_warn().await;
        }
        let Some(known) = self.copy() else { return Presented::NotReadYet };
        match known.by_digest(&digest_of(text)) {
            Some(key) => {
                key.touch(now);
                Presented::Live(Arc::clone(key))
            }
            None => Presented::Unknown,
        }
    }

    /// Takes events off a key's quota: all, or none and why.
    pub fn take(&self, key: &LiveKey, batch: Batch) -> std::result::Result<(), OverQuota> {
        let taken = key.take(batch, self.store.clock().now());
        if taken.is_err() {
            self.metrics.came_with_key(&key.name, "over_quota", u64::from(batch.alerts) + u64::from(batch.others));
        }
        taken
    }

    /// The events that were taken are stored.
    pub fn stored(&self, key: &LiveKey, batch: Batch) {
        self.metrics.came_with_key(&key.name, "taken", u64::from(batch.alerts) + u64::from(batch.others));
    }

    /// The events that were taken could not be stored: whoever sends them again is not charged twice.
    pub fn not_stored(&self, key: &LiveKey, batch: Batch) {
        key.give_back(batch);
    }

    /// Reads the live keys.
    pub async fn refresh(&self) -> Result<()> {
        let _reading = self.reading.lock().await;
        let (rows, before) = (self.store.access_keys(false).await?, self.copy());
        let now = Arc::new(Known::new(rows, before.as_deref(), self.store.clock().now()));
        for gone in before.iter().flat_map(|before| before.missing_in(&now)) {
            self.metrics.forget_key(&gone.name);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&now));
        Ok(())
    }

    /// Writes down when keys were used last, each at most once a minute.
    pub async fn note_uses(&self) -> Result<()> {
        let Some(known) = self.copy() else { return Ok(()) };
        let uses: Vec<_> = known.keys().filter_map(|key| Some((key, key.to_note()?))).collect();
        if !uses.is_empty() {
            self.store.note_key_uses(uses.iter().map(|(key, at)| (key.id, *at)).collect()).await?;
            uses.iter().for_each(|(key, at)| key.noted(*at));
        }
        Ok(())
    }

    /// Keeps the copy fresh until told to stop. That uses are written down must not hold it up where the store is slow.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        let noting = async {
            let mut ticks = ticks(NOTE);
            loop {
                ticks.tick().await;
                if let Err(error) = self.note_uses().await {
                    tracing::debug!(%error, "when keys were used last could not be written down");
                }
            }
        };
        let reading = async {
            let mut ticks = ticks(REFRESH);
            loop {
                ticks.tick().await;
                self.refresh_or_warn().await;
            }
        };
        tokio::select! { () = stop.cancelled() => {}, () = noting => {}, () = reading => {} }
    }

    async fn refresh_or_warn(&self) {
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "the access keys could not be read anew; those known so far count");
        }
    }

    fn copy(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}
