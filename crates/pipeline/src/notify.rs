//! Telling: the outbox row of a reason becomes one message, or a line in the message of a related incident, or
//! nothing for a reason that is shown; after that only edits. The dashboard has the message at once; for the
//! receivers that the routing names, rows of their own are written in the same commit.

use crate::crash;
use crate::explain::{Explainer, Told, reason_of};
use crate::metrics::Metrics;
use crate::quiet::{Conditions, Quiet};
use crate::routes::Routes;
use crate::run::Printed;
use crate::settings::Settings;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, IncidentId, Status};
use foghorn_domain::message::{Message, render_text};
use foghorn_domain::notification::{LetGoBy, Reason};
use foghorn_domain::severity::{Severity, Urgency};
use foghorn_store::model::Notification;
use foghorn_store::notifications::{Delivery, Prepared};
use foghorn_store::{Result, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Later than this a telling is no news any more.
const LATE: SignedDuration = SignedDuration::from_mins(15);

/// Tellings that have been worded wait this long for others to be committed with.
const COMMIT_EVERY: Duration = Duration::from_millis(200);

/// The stage.
pub struct Notify {
    store: Store,
    metrics: Metrics,
    explainer: Explainer,
    routes: Routes,
    quiet: Quiet,
    related_window: SignedDuration,
    started_at: Timestamp,
    printer: Option<mpsc::UnboundedSender<Printed>>,
}

impl Notify {
    pub(crate) fn new(
        store: Store,
        metrics: Metrics,
        explainer: Explainer,
        routes: Routes,
        quiet: Quiet,
        settings: &Arc<Settings>,
        printer: Option<mpsc::UnboundedSender<Printed>>,
    ) -> Self {
        let (started_at, related_window) = (store.clock().now(), settings.related_window);
        Self { store, metrics, explainer, routes, quiet, related_window, started_at, printer }
    }

    /// Delivers what waits; what has been worded is committed every now and then, so that the first do not wait for
    /// the last. Returns how many tellings went out. One that cannot be made ready is put off and holds up no other.
    pub async fn deliver_step(&self) -> Result<usize> {
        let pending = self.store.pending_notifications(200).await?;
        let mut ready: Vec<(Prepared, Message)> = Vec::new();
        let mut catch_up = None;
        if pending.is_empty() {
            return Ok(0);
        }
        let conditions = self.quiet.conditions().await?;
        let (mut committed, mut count) = (0, 0);
        let mut since = Instant::now();
        for notification in pending {
            match self.prepare(&notification, &ready, &conditions, &mut catch_up).await {
                Ok(prepared) => ready.push(prepared),
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    tracing::error!(%error, incident.id = notification.incident_id, "a telling could not be made ready and will be tried again");
                    self.store.postpone(notification, error.to_string()).await?;
                }
            }
            if since.elapsed() >= COMMIT_EVERY {
                count += self.commit(&ready[committed..]).await?;
                (committed, since) = (ready.len(), Instant::now());
            }
        }
        Ok(count + self.commit(&ready[committed..]).await?)
    }

    /// Delivers in one commit. Returns how many went out.
    async fn commit(&self, ready: &[(Prepared, Message)]) -> Result<usize> {
        if ready.is_empty() {
            return Ok(0);
        }
        crash::point("notify before commit");
        let went_out = self.store.deliver(ready.iter().map(|(prepared, _)| prepared.clone()).collect()).await?;
        crash::point("notify after commit");
        let mut count = 0;
        for ((prepared, message), _) in ready.iter().zip(went_out).filter(|(_, went_out)| *went_out) {
            self.announce(prepared, message);
            count += 1;
        }
        Ok(count)
    }

    /// Edits messages whose incident has changed. Returns how many were looked at.
    pub async fn edit_step(&self) -> Result<usize> {
        let dirty = self.store.dirty_notifications(100).await?;
        let count = dirty.len();
        for notification in dirty {
            let edited = self.edit(&notification).await;
            if let Err(error) = edited {
                if error.is_temporary() {
                    return Err(error);
                }
                tracing::error!(%error, incident.id = notification.incident_id, "a message could not be edited and stays as it is");
                let message = notification.message.unwrap_or_default();
                self.store.edit(notification.id, message, notification.dirty).await?;
            }
        }
        Ok(count)
    }

    async fn edit(&self, notification: &Notification) -> Result<()> {
        let incident = self.store.incident(notification.incident_id).await?;
        let told = self.explainer.tell(&incident, Some(&reason_of(notification))).await?;
        self.ask_about(&incident, told.wanted.as_ref());
        let message = serde_json::to_value(&told.message)?;
        if notification.message.as_ref() != Some(&message) {
            self.metrics.edits.inc();
        }
        self.store.edit(notification.id, message, notification.dirty).await
    }

    /// A telling, made ready: explained, worded, and placed beside those that are made ready with it.
    async fn prepare(
        &self,
        notification: &Notification,
        ready: &[(Prepared, Message)],
        conditions: &Conditions,
        catch_up: &mut Option<IncidentId>,
    ) -> Result<(Prepared, Message)> {
        let mut incident = self.store.incident(notification.incident_id).await?;
        if incident.status == Status::Open {
            // What it will be once this is delivered.
            incident.status = Status::Notified;
        }
        let told = self.explainer.tell(&incident, Some(&reason_of(notification))).await?;
        let held = conditions.verdict(&incident).map(|held| Delivery::Held(held.why, held.by));
        let special = held
            .or_else(|| with_the_same_end(notification, ready))
            .or_else(|| self.late_telling(&incident, notification, catch_up));
        let delivery = match special {
            Some(special) => special,
            None => match self.related_telling(&incident, notification, ready).await? {
                Some((with, why)) => Delivery::Joined(with, why),
                None => Delivery::Sent,
            },
        };
        let routed = match delivery {
            Delivery::Held(..) => Vec::new(),
            _ => self.routes.routed(&incident, &reason_of(notification), self.store.clock().now()),
        };
        let message = serde_json::to_value(&told.message)?;
        let Told { explanation, message: worded, wanted, .. } = told;
        if !matches!(delivery, Delivery::Held(..)) {
            self.ask_about(&incident, wanted.as_ref());
        }
        Ok((Prepared { notification: notification.clone(), incident, message, explanation, delivery, routed }, worded))
    }

    /// Has a model asked about it, beside everything else.
    fn ask_about(&self, incident: &Incident, wanted: Option<&String>) {
        if let Some((asking, key)) = self.explainer.asking().zip(wanted) {
            asking.want(incident.id, key.clone());
        }
    }

    fn announce(&self, prepared: &Prepared, message: &Message) {
        let incident_id = prepared.incident.id;
        let (outcome, text) = match &prepared.delivery {
            Delivery::Sent => ("sent", render_text(message)),
            Delivery::Joined(with, why) => {
                ("joined", format!("#{incident_id} joins the message of #{with}: {why}\n  {}", message.headline))
            }
            Delivery::Held(why, _) => ("held", format!("#{incident_id} is not told: {why}\n  {}", message.headline)),
        };
        Metrics::count(&self.metrics.tellings, outcome, 1);
        if let Some(printer) = &self.printer {
            // Nobody reads the terminal any more: the dashboard has it.
            let _ = printer.send(Printed { incident_id, text });
        }
    }

    /// After downtime, what is told too late to be news goes out as one message: the first such telling
    /// carries the others, each with its age. What is critical and still runs is told on its own.
    fn late_telling(
        &self,
        incident: &Incident,
        notification: &Notification,
        catch_up: &mut Option<IncidentId>,
    ) -> Option<Delivery> {
        let late_by = self.store.clock().now().duration_since(notification.created_at);
        let is_urgent = incident.severity == Severity::Critical && incident.status.is_open();
        let is_left_over = notification.created_at < self.started_at;
        if !is_left_over || late_by < LATE || is_urgent {
            return None;
        }
        match *catch_up {
            Some(first) if first != incident.id => {
                let why = format!("catching up: this was due {} min ago", late_by.as_mins());
                Some(Delivery::Joined(first, why))
            }
            _ => {
                *catch_up = Some(incident.id);
                Some(Delivery::Sent)
            }
        }
    }

    /// The told incident whose message this one joins, with the reason.
    async fn related_telling(
        &self,
        incident: &Incident,
        notification: &Notification,
        ready: &[(Prepared, Message)],
    ) -> Result<Option<(IncidentId, String)>> {
        if notification.reason != Reason::Opened || incident.correlations.is_empty() {
            return Ok(None);
        }
        let told = self.store.told_near(incident.environment.clone(), incident.first_seen, self.related_window).await?;
        let is_near = |other: &Incident| {
            other.environment == incident.environment
                && incident.first_seen.duration_since(other.first_seen).abs() <= self.related_window
        };
        let about_to_be_told = ready
            .iter()
            .filter(|(prepared, _)| {
                matches!(prepared.delivery, Delivery::Sent) && prepared.notification.reason == Reason::Opened
            })
            .map(|(prepared, _)| &prepared.incident)
            .filter(|other| is_near(other));
        let mut candidates = told.iter().map(|told| &told.incident).chain(about_to_be_told);
        Ok(candidates.find_map(|other| relation(incident, other).map(|why| (other.id, why))))
    }
}

/// What the end of one silence lets through is one telling: the first carries the others.
fn with_the_same_end(notification: &Notification, ready: &[(Prepared, Message)]) -> Option<Delivery> {
    let holder = |occurrence: &str| occurrence.rsplit_once('#').map(|(holder, _)| holder.to_owned());
    let is_end =
        notification.reason == Reason::SilenceEnded && reason_of(notification).let_go_by() != LetGoBy::Outgrown;
    let mine = holder(&notification.occurrence).filter(|_| is_end)?;
    let first = ready.iter().map(|(prepared, _)| prepared).find(|prepared| {
        matches!(prepared.delivery, Delivery::Sent)
            && prepared.notification.reason == Reason::SilenceEnded
            && holder(&prepared.notification.occurrence).as_ref() == Some(&mine)
    })?;
    Some(Delivery::Joined(first.incident.id, "was held back by the same, which has ended".to_owned()))
}

/// Why `incident` is told together with `other`, if it is: they share something, they concern the same
/// people (attacks are not joined to outages), and `incident` is neither worse nor more urgent.
fn relation(incident: &Incident, other: &Incident) -> Option<String> {
    let is_same_audience = incident.kind.is_attack() == other.kind.is_attack();
    let is_worse = incident.severity > other.severity;
    let is_more_urgent = incident.urgency == Urgency::Page && other.urgency < Urgency::Page;
    if incident.id == other.id || !is_same_audience || is_worse || is_more_urgent {
        return None;
    }
    let shared = incident.correlations.iter().find(|mine| other.correlations.contains(mine))?;
    let apart = incident.first_seen.duration_since(other.first_seen).as_secs().abs();
    Some(match shared.attribute.as_str() {
        "symptom" => format!("began {apart} s apart with the same symptom"),
        attribute => format!("began {apart} s apart on the same {attribute}, {}", shared.value),
    })
}
