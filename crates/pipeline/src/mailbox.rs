//! Messages that other programs leave for Foghorn: incidents that they announce, events that they queue. A bad message
//! is never fatal and never silent: it is logged, counted, and kept until an operator replays or drops it.

use crate::doorbell::Doorbell;
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use foghorn_domain::event::NewEvent;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_redis::contract::{BadMessage, QueuedEvent, announced_incident, queued_event};
use foghorn_store::announcements::Announced;
use foghorn_store::dead_letters::DeadLetter;
use foghorn_store::model::{Appended, Page, Paging};
use foghorn_store::{Error, Result, Store};
use serde_json::{Map, Value};

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The channel on which incidents are announced.
    Incidents,
    /// The list on which events are queued.
    Events,
}

impl Origin {
    /// The name under which it is counted and kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incidents => "incident_ready",
            Self::Events => "events_queue",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Incidents, Self::Events].into_iter().find(|origin| origin.as_str() == word)
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It did what it was to do.
    Done,
    /// What it says was known.
    Known,
    /// It cannot be used.
    Bad(BadMessage),
}

/// Handles them; clones share the store.
#[derive(Clone)]
pub struct Mailbox {
    store: Store,
    ingest: Ingest,
    metrics: Metrics,
    triage: Doorbell,
    notify: Doorbell,
}

/// Bytes of an event's payload.
const LONGEST_PAYLOAD: usize = 256 * 1024;

impl Mailbox {
    pub(crate) fn new(store: Store, ingest: Ingest, metrics: Metrics, triage: Doorbell, notify: Doorbell) -> Self {
        Self { store, ingest, metrics, triage, notify }
    }

    /// Handles a message and keeps it where it is bad. An error is the store's: the message is to be handled again.
    pub async fn receive(&self, origin: Origin, body: &[u8]) -> Result<Handled> {
        let handled = self.handle(origin, body).await?;
        if let Handled::Bad(bad) = &handled {
            let text = String::from_utf8_lossy(body).into_owned();
            let id = self.store.add_dead_letter(origin.as_str().to_owned(), text, bad.to_string()).await?;
            tracing::warn!(origin = origin.as_str(), dead_letter.id = id, "{bad}");
        }
        Ok(handled)
    }

    /// Messages that were kept, newest first.
    pub async fn dead_letters(&self, paging: Paging) -> Result<Page<DeadLetter>> {
        self.store.dead_letters(paging).await
    }

    /// Handles a message again that was kept: it goes where it does what it was to do, and stays with what is wrong
    /// where it does not.
    pub async fn replay(&self, id: i64) -> Result<std::result::Result<(), DeadLetter>> {
        let letter = self.store.dead_letter(id).await?;
        let Some(origin) = Origin::parse(&letter.origin) else { return Ok(Err(letter)) };
        match self.handle(origin, letter.body.as_bytes()).await? {
            Handled::Done | Handled::Known => self.store.drop_dead_letter(id).await.map(|_| Ok(())),
            Handled::Bad(bad) => self.store.note_dead_letter(id, bad.to_string()).await.map(Err),
        }
    }

    /// Forgets a message that was kept. `false` where it is not there.
    pub async fn drop_letter(&self, id: i64) -> Result<bool> {
        self.store.drop_dead_letter(id).await
    }

    async fn handle(&self, origin: Origin, body: &[u8]) -> Result<Handled> {
        let handled = match origin {
            Origin::Incidents => match announced_incident(body) {
                Ok(id) => self.announce(id).await?,
                Err(bad) => Handled::Bad(bad),
            },
            Origin::Events => match queued_event(body) {
                Ok(queued) => self.take_event(queued, body).await?,
                Err(bad) => Handled::Bad(bad),
            },
        };
        let outcome = match &handled {
            Handled::Done => "handled",
            Handled::Known => "known",
            Handled::Bad(bad) => bad.kind,
        };
        self.metrics.received(origin.as_str(), outcome);
        Ok(handled)
    }

    async fn announce(&self, id: i64) -> Result<Handled> {
        Ok(match self.store.announce(id).await? {
            Announced::Queued => {
                self.notify.ring();
                Handled::Done
            }
            Announced::Known => Handled::Known,
            Announced::Missing => Handled::Bad(BadMessage::no_incident(id)),
        })
    }

    /// An event that has its row is read by triage as any other; one that the message brings along gets a row, once.
    async fn take_event(&self, queued: QueuedEvent, body: &[u8]) -> Result<Handled> {
        let stored = match self.store.event(queued.id).await {
            Ok(stored) => Some(stored.event),
            Err(Error::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let Some(fields) = queued.event else {
            if stored.is_none() {
                return Ok(Handled::Bad(BadMessage::no_event(queued.id)));
            }
            self.triage.ring();
            return Ok(Handled::Done);
        };
        let event = match event_of(fields) {
            Ok(event) => event,
            Err(bad) => return Ok(Handled::Bad(bad)),
        };
        if stored.is_some_and(|stored| stored.source == event.source && stored.payload == event.payload) {
            self.triage.ring();
            return Ok(Handled::Done);
        }
        // Whoever handles the message again after a crash finds that it was handled.
        let key = Fingerprint::of_key(Origin::Events.as_str(), &String::from_utf8_lossy(body));
        let event = NewEvent { idempotency_key: Some(key.as_str().to_owned()), ..event };
        Ok(match self.ingest.accept(vec![event]).await?.first() {
            Some(Appended::Duplicate(_)) => Handled::Known,
            _ => Handled::Done,
        })
    }
}

fn event_of(mut fields: Map<String, Value>) -> std::result::Result<NewEvent, BadMessage> {
    let mut text = |name: &str| match fields.shift_remove(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.replace('\0', "\u{fffd}"))),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(BadMessage::no_such_event(&format!("{name}: must be a non-blank string"))),
    };
    let (source, event_type, payload) = (text("source")?, text("type")?, text("payload")?);
    let payload = payload.ok_or_else(|| BadMessage::no_such_event("payload: is required"))?;
    if payload.len() > LONGEST_PAYLOAD {
        return Err(BadMessage::no_such_event(&format!("payload: has more than {LONGEST_PAYLOAD} bytes")));
    }
    let or = |text: Option<String>, otherwise: &str| text.unwrap_or_else(|| otherwise.to_owned());
    let mut event = NewEvent::new(or(source, Origin::Events.as_str()), or(event_type, "log"), payload);
    match fields.shift_remove("metadata") {
        Some(Value::Object(metadata)) => event.metadata = metadata,
        Some(Value::Null) | None => {}
        Some(_) => return Err(BadMessage::no_such_event("metadata: must be an object")),
    }
    Ok(event)
}
