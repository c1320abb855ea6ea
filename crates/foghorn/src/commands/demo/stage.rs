//! The stage on which the shop's hour is played: a whole Foghorn on a clock that is moved by hand.
//!
//! Time moves in steps of [`STEP`], and every step runs the stages until nothing is left to do. What comes of
//! an hour therefore depends on its seed alone, and not on how fast the machine is or how often it looks.

use foghorn_demo::{Deed, Fault, Hand, Planned, Whom};
use foghorn_domain::clock::{Clock, SignedDuration, Timestamp};
use foghorn_domain::event::EventId;
use foghorn_domain::incident::{Action, EndedBy, Incident, IncidentId};
use foghorn_domain::message::Message;
use foghorn_domain::notification::NotificationStatus;
use foghorn_embed::Embedder;
use foghorn_pipeline::act::Actor;
use foghorn_pipeline::{Handles, Pipeline, Printed, Settings};
use foghorn_store::Options;
use foghorn_store::model::{IncidentFilter, Notification, Paging};
use foghorn_store::{Error, Store};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Simulated time moves on by this much at once.
pub(super) const STEP: SignedDuration = SignedDuration::from_secs(10);

/// Empty stretches of the past end once nothing can be open any more by quiet.
const AFTERMATH: SignedDuration = SignedDuration::from_mins(35);

/// A Foghorn and its clock.
pub(super) struct Stage {
    clock: Clock,
    pipeline: Pipeline,
    handles: Handles,
    /// Which fault each event of the play belongs to.
    faults: HashMap<EventId, Option<Fault>>,
    /// What was delivered, as the stages say it.
    printed: UnboundedReceiver<Printed>,
    /// Tellings that were noticed, by their rows.
    told: HashSet<i64>,
    /// Endings and beginnings of flapping that were noticed.
    noticed: HashSet<(IncidentId, Timestamp)>,
    /// The newest row of the audit log at the last look.
    audited: Option<i64>,
}

/// An hour, or an incident of the past, while it is played.
pub(super) struct Play {
    begins: Timestamp,
    at: SignedDuration,
    events: std::iter::Peekable<std::vec::IntoIter<Planned>>,
    hands: Vec<Hand>,
}

/// Something worth a line in the terminal.
pub(super) enum Happening {
    /// A deploy.
    Changed(String),
    /// People are told.
    Told(IncidentId, Box<Message>),
    /// It is shown in the message about another incident.
    Joined {
        /// That incident.
        with: IncidentId,
        /// What they share.
        why: String,
        /// What a message of its own would have said.
        message: Box<Message>,
    },
    /// A person did something to these.
    Acted(Vec<IncidentId>, Hand),
    /// It ended without a person's hand.
    Ended(Box<Incident>),
    /// It comes and goes so often that people hear no more of it.
    Flaps(Box<Incident>),
}

/// An incident of the play as it stands at the end.
pub(super) struct Outcome {
    pub(super) incident: Incident,
    /// The fault whose event opened it.
    pub(super) fault: Option<Fault>,
    pub(super) tellings: Vec<Notification>,
}

impl Outcome {
    /// Whether people were told by a message of its own.
    pub(super) fn is_told(&self) -> bool {
        self.tellings.iter().any(|telling| telling.status == NotificationStatus::Sent)
    }
}

impl Play {
    pub(super) fn new(begins: Timestamp, events: Vec<Planned>, hands: Vec<Hand>) -> Self {
        Self { begins, at: SignedDuration::ZERO, events: events.into_iter().peekable(), hands }
    }

    /// How much of it has been played.
    pub(super) fn at(&self) -> SignedDuration {
        self.at
    }

    /// When the next event is heard or the next hand is laid on.
    fn next(&mut self) -> Option<SignedDuration> {
        let event = self.events.peek().map(|planned| planned.offset);
        [event, self.hands.iter().map(|hand| hand.at).min()].into_iter().flatten().min()
    }
}

impl Stage {
    /// Sets up the stages in a directory of their own, at a moment of the past.
    pub(super) fn open(
        options: Options,
        settings: Settings,
        embedder: Option<Embedder>,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let clock = Clock::manual(now);
        let store = Store::open(Options { clock: clock.clone(), ..options })?;
        let (printer, printed) = unbounded_channel();
        let pipeline = Pipeline::new(store, settings, embedder, Some(printer)).map_err(anyhow::Error::msg)?;
        let handles = pipeline.handles();
        let (faults, told, noticed) = (HashMap::new(), HashSet::new(), HashSet::new());
        Ok(Self { clock, pipeline, handles, faults, printed, told, noticed, audited: None })
    }

    /// Whether nothing was ever heard here.
    pub(super) async fn is_new(&self) -> foghorn_store::Result<bool> {
        Ok(self.handles.store.newest_event().await? == 0)
    }

    /// What the web server needs.
    pub(super) fn handles(&self) -> Handles {
        self.handles.clone()
    }

    /// Plays an incident of the past from end to end, skipping what is empty, and waits until it is over.
    pub(super) async fn play_past(&mut self, mut play: Play) -> foghorn_store::Result<()> {
        while let Some(next) = play.next() {
            play.at = play.at.max(SignedDuration::from_secs(next.as_secs() / STEP.as_secs() * STEP.as_secs()));
            self.step(&mut play).await?;
            if play.at - next > AFTERMATH {
                // A hand that finds nothing to be laid on.
                break;
            }
        }
        self.clock.advance(AFTERMATH);
        self.pipeline.run_until_idle().await?;
        self.faults.clear();
        Ok(())
    }

    /// Moves on by one step.
    pub(super) async fn step(&mut self, play: &mut Play) -> foghorn_store::Result<Vec<Happening>> {
        play.at += STEP;
        self.clock.advance_to(play.begins + play.at);
        let mut happenings = Vec::new();
        let mut heard = Vec::new();
        while let Some(planned) = play.events.next_if(|planned| planned.offset < play.at) {
            if planned.event.is_change() {
                happenings.push(Happening::Changed(format!("{} {}", planned.event.service(), planned.event.payload)));
            }
            heard.push(planned);
        }
        let (faults, events): (Vec<_>, Vec<_>) = heard.into_iter().map(|heard| (heard.fault, heard.event)).unzip();
        let accepted = self.handles.ingest.accept(events).await?;
        for (fault, accepted) in faults.into_iter().zip(accepted) {
            // The demo's store is a file, so every event has its id at once.
            if let Some(id) = accepted.event_id() {
                self.faults.entry(id).or_insert(fault);
            }
        }
        self.pipeline.run_until_idle().await?;
        if play.hands.iter().any(|hand| hand.at < play.at) {
            let mut later = Vec::new();
            for hand in std::mem::take(&mut play.hands) {
                if hand.at >= play.at || !self.lay_on(&hand, play.begins, &mut happenings).await? {
                    later.push(hand);
                }
            }
            play.hands = later;
            self.pipeline.run_until_idle().await?;
        }
        self.observe(play.begins, &mut happenings).await?;
        Ok(happenings)
    }

    /// Goes on with the machine's time, for those who look and click after the play.
    pub(super) async fn follow(&mut self, now: Timestamp) -> foghorn_store::Result<()> {
        self.clock.advance_to(now);
        self.pipeline.run_until_idle().await
    }

    /// The incidents of a play, oldest first.
    pub(super) async fn outcomes(&self, begins: Timestamp) -> foghorn_store::Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for incident in self.incidents(begins).await? {
            let fault = incident.event_id.and_then(|event| self.faults.get(&event).copied().flatten());
            let tellings = self.handles.store.notifications_of(incident.id).await?;
            outcomes.push(Outcome { incident, fault, tellings });
        }
        Ok(outcomes)
    }

    /// Waits for what is being written and closes the store.
    pub(super) async fn close(self) {
        self.handles.store.close().await;
    }

    /// Does what a person does. `false` where that is not possible yet.
    async fn lay_on(
        &self,
        hand: &Hand,
        begins: Timestamp,
        happenings: &mut Vec<Happening>,
    ) -> foghorn_store::Result<bool> {
        let mut done = Vec::new();
        for outcome in self.outcomes(begins).await? {
            let Outcome { incident, fault, .. } = &outcome;
            let is_meant = match hand.whom {
                Whom::Told => outcome.is_told(),
                Whom::Open => incident.status.is_open(),
            };
            if *fault != hand.fault || !is_meant || (hand.whom == Whom::Told && !done.is_empty()) {
                continue;
            }
            if self.act(incident.id, hand).await? {
                done.push(incident.id);
            }
        }
        // Whoever closes what is left does not wait for more of it.
        let is_done = !done.is_empty() || hand.whom == Whom::Open;
        if !done.is_empty() {
            happenings.push(Happening::Acted(done, hand.clone()));
        }
        Ok(is_done)
    }

    async fn act(&self, id: IncidentId, hand: &Hand) -> foghorn_store::Result<bool> {
        let actor = Actor { who: hand.who.to_owned(), on_behalf_of: None, via: "dashboard" };
        let (action, note, solution) = match hand.deed {
            Deed::Acknowledge => (Action::Ack, None, None),
            Deed::AskForMore(note) => (Action::Info, Some(note), None),
            Deed::Resolve(solution) => (Action::Resolve, None, Some(solution)),
            Deed::Close(note) => (Action::Resolve, Some(note), None),
            Deed::Dismiss(note) => (Action::FalsePositive, Some(note), None),
            Deed::WriteDown(solution) => {
                self.handles.acting.add_solution(id, &actor, solution).await?;
                return Ok(true);
            }
        };
        match self.handles.acting.act(id, action, &actor, note, solution).await {
            Ok((_, changed)) => Ok(changed),
            Err(Error::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What was told since the last look, and which incidents of the play ended by themselves.
    async fn observe(&mut self, begins: Timestamp, happenings: &mut Vec<Happening>) -> foghorn_store::Result<()> {
        while let Ok(Printed { incident_id, .. }) = self.printed.try_recv() {
            for telling in self.handles.store.notifications_of(incident_id).await? {
                let is_delivered = matches!(telling.status, NotificationStatus::Sent | NotificationStatus::Joined);
                if !is_delivered || !self.told.insert(telling.id) {
                    continue;
                }
                let message = Box::new(serde_json::from_value(telling.message.unwrap_or_default())?);
                happenings.push(match telling.told_with {
                    Some(with) => Happening::Joined { with, why: telling.why.unwrap_or_default(), message },
                    None => Happening::Told(incident_id, message),
                });
            }
        }
        // Whatever ends or flaps leaves a row in the audit log.
        let audited = self.handles.store.audit_tip().await?.map(|(id, _)| id);
        if std::mem::replace(&mut self.audited, audited) == audited {
            return Ok(());
        }
        for incident in self.incidents(begins).await? {
            let by_itself = incident.ended_by.is_some_and(|by| by != EndedBy::Person);
            if let Some(since) = incident.flapping_since {
                if self.noticed.insert((incident.id, since)) {
                    happenings.push(Happening::Flaps(Box::new(incident)));
                }
            } else if let Some(at) = incident.ended_at.filter(|_| by_itself)
                && self.noticed.insert((incident.id, at))
            {
                happenings.push(Happening::Ended(Box::new(incident)));
            }
        }
        Ok(())
    }

    /// The incidents that opened since then, oldest first.
    async fn incidents(&self, since: Timestamp) -> foghorn_store::Result<Vec<Incident>> {
        let filter = IncidentFilter { since: Some(since), ..IncidentFilter::default() };
        let paging = Paging { limit: 200, cursor: None, exact_count: false };
        let mut incidents = self.handles.store.incidents(filter, paging).await?.items;
        incidents.reverse();
        Ok(incidents)
    }
}
