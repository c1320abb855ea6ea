//! What would have been told: events of the past through the real triage, grouping and routing, on a store that is
//! thrown away and a clock that the events drive. Nobody is told: receivers are played.
//!
//! [`Replay::hear`] takes events in order of time. Those within [`SPAN`] make one batch; before a batch, the clock
//! stops wherever time alone has something to do ([`dues`]): an alert that runs out, quiet that ends an incident,
//! a step of an escalation, the end of a silence. [`tally`] counts log templates, and [`receipt`] reads from the
//! store what became of it all.

mod dues;
mod receipt;
mod tally;

pub use receipt::{HeldBack, Receipt, ReplayedIncident, Sum, Telling};
pub use tally::TemplateCount;

use crate::run::Pipeline;
use crate::settings::Settings;
use crate::watchman;
use dues::Dues;
use foghorn_domain::clock::{Clock, SignedDuration, Timestamp};
use foghorn_domain::event::{EventId, NewEvent};
use foghorn_store::Options;
use foghorn_store::model::Appended;
use foghorn_store::silences::NewSilence;
use foghorn_store::{Result, Store};
use serde_json::json;
use tally::Tally;

/// An event and when it is heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The moment.
    pub at: Timestamp,
    /// The event.
    pub event: NewEvent,
}

/// Events that lie closer together arrive together, with the last of them.
const SPAN: SignedDuration = SignedDuration::from_secs(10);
/// A pause of this length ends a batch earlier, so that a lone event arrives at its own moment.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// Events in a batch at most.
const BATCH: usize = 2_000;

/// A Foghorn that hears the past.
pub struct Replay {
    clock: Clock,
    store: Store,
    pipeline: Pipeline,
    batch: Vec<Heard>,
    dues: Dues,
    tally: Tally,
    first: Option<Timestamp>,
    events: u64,
    repeats: u64,
    /// Ends of alerts that Foghorn itself has written into the log.
    own_events: Vec<EventId>,
}

impl Replay {
    /// Sets up the stages in a directory of their own, which must be empty. The error is for people.
    pub fn open(options: Options, mut settings: Settings, begins: Timestamp) -> std::result::Result<Self, String> {
        let clock = Clock::manual(begins);
        settings.receivers.is_rehearsal = true;
        settings.heartbeat_url = None;
        settings.redis = None;
        let options = Options { clock: clock.clone(), is_thrown_away: true, ..options };
        let store = Store::open(options).map_err(|error| error.to_string())?;
        let pipeline = Pipeline::new(store.clone(), settings, None, None)?;
        let dues = Dues::new(&pipeline.handles());
        Ok(Self {
            clock,
            store,
            pipeline,
            batch: Vec::new(),
            dues,
            tally: Tally::default(),
            first: None,
            events: 0,
            repeats: 0,
            own_events: Vec::new(),
        })
    }

    /// Has a silence hold, as somebody once asked for it.
    pub async fn keep_silence(&mut self, silence: NewSilence) -> Result<()> {
        self.dues.expect_silence(silence.ends_at);
        self.store.add_silence(silence, json!({ "via": "replay" })).await.map(drop)
    }

    /// Hears an event. They come in order of time; one that lies before the clock is heard now.
    pub async fn hear(&mut self, heard: Heard) -> Result<()> {
        if heard.event.source == watchman::SOURCE && heard.event.event_type == watchman::ROUND {
            // Whether that Foghorn was awake is nothing to replay.
            return Ok(());
        }
        let is_apart = |first: &Heard, last: &Heard| {
            heard.at.duration_since(first.at) >= SPAN || heard.at.duration_since(last.at) >= PAUSE
        };
        if let (Some(first), Some(last)) = (self.batch.first(), self.batch.last())
            && (is_apart(first, last) || self.batch.len() >= BATCH)
        {
            self.flush().await?;
        }
        self.batch.push(heard);
        Ok(())
    }

    /// Hears what is left, waits until everybody who is to be told would have been, and says what became of it all.
    /// Nothing is made up about the time after the last event.
    pub async fn finish(mut self) -> Result<Receipt> {
        self.flush().await?;
        let ended = self.clock.now();
        self.tell_everybody().await?;
        let receipt = receipt::collect(&self, ended).await;
        self.store.close().await;
        receipt
    }

    async fn flush(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let (Some(first), Some(last)) = (batch.first(), batch.iter().map(|heard| heard.at).max()) else {
            return Ok(());
        };
        self.first.get_or_insert(first.at);
        self.pass_until(first.at).await?;
        self.clock.advance_to(last);
        let now = self.clock.now();
        self.dues.heard(&batch, now, self.store.policy().quiet_after);
        let templates: Vec<tally::Key> = batch.iter().map(|heard| self.tally.learn(&heard.event)).collect();
        let events: Vec<NewEvent> = batch.into_iter().map(|heard| heard.event).collect();
        self.events += events.len() as u64;
        for (appended, template) in self.pipeline.handles().ingest.accept(events).await?.into_iter().zip(templates) {
            match appended {
                Appended::Stored(_) => self.tally.count(template),
                Appended::Duplicate(_) | Appended::Refreshed(_) | Appended::Spooled => self.repeats += 1,
            }
        }
        self.run_stages(false).await
    }

    /// Lets time pass, with a stop wherever it has something to do.
    async fn pass_until(&mut self, at: Timestamp) -> Result<()> {
        while let Some(due) = self.dues.next(&self.store, self.clock.now(), at).await? {
            self.clock.advance_to(due);
            self.let_time_work().await?;
        }
        Ok(())
    }

    async fn let_time_work(&mut self) -> Result<()> {
        let expired = self.store.expire_alerts().await? as EventId;
        if expired > 0 {
            let newest = self.store.newest_event().await?;
            self.own_events.extend(newest - expired + 1..=newest);
        }
        // Quiet is judged only once everything that was heard has been read.
        self.run_stages(false).await?;
        self.store.sweep(self.first.unwrap_or(Timestamp::MIN)).await?;
        self.run_stages(true).await
    }

    /// Triage, and telling where there may be somebody to tell.
    async fn run_stages(&mut self, has_time_passed: bool) -> Result<()> {
        let must_tell = self.pipeline.triage_all().await? > 0 || has_time_passed || self.dues.has_conditions();
        if must_tell { self.pipeline.tell_all().await } else { Ok(()) }
    }

    /// Who waits to be told is told within the two hours after the last event, or named as waiting.
    async fn tell_everybody(&mut self) -> Result<()> {
        let steps = [(60, 1), (60, 10), (110, 60)];
        for seconds in steps.into_iter().flat_map(|(times, seconds)| std::iter::repeat_n(seconds, times)) {
            if self.store.counts().await?.pending_notifications == 0 {
                return Ok(());
            }
            self.clock.advance(SignedDuration::from_secs(seconds));
            self.pipeline.tell_all().await?;
        }
        Ok(())
    }
}
