//! How much of intake may wait for the store at once, and who is turned away first when it is too much: lines of
//! logs at six tenths of the room, alerts at nine, criticals when there is none left. What people do, pages and the
//! API are not counted here at all.
//!
//! A place is held until the store has answered, whether or not the sender still waits for that.

use foghorn_domain::event::NewEvent;
use foghorn_domain::severity::Severity;
use foghorn_pipeline::metrics::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The room of a server, in units of an event: some three kilobytes each while they wait. A body that is larger than
/// its share has to wait until it is alone.
pub const ROOM: usize = 6_000;

/// What a request costs beside its events, in the same unit: many small requests wait longer than one large one.
const REQUEST: usize = 8;

/// How urgent events are at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Everything that is not one of the others.
    Logs,
    /// What begins, ends or is taken at its source, and whatever comes by the doors of alerting tools.
    Alerts,
    /// What calls itself critical: what would page somebody.
    Criticals,
}

impl Rank {
    /// The rank of one event.
    pub(crate) fn of(event: &NewEvent) -> Self {
        match event.severity {
            Some(Severity::Critical) => Self::Criticals,
            _ if event.is_alert() => Self::Alerts,
            _ => Self::Logs,
        }
    }

    /// Of many: a body goes by the most urgent event in it.
    pub(crate) fn of_all(events: &[NewEvent]) -> Self {
        events.iter().map(Self::of).max().unwrap_or(Self::Logs)
    }

    /// Its name in metrics and answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Alerts => "alerts",
            Self::Criticals => "criticals",
        }
    }

    /// Seconds after which whoever is turned away may come again: the less urgent, the later.
    pub(crate) fn retry_after(self) -> u64 {
        match self {
            Self::Logs => 5,
            Self::Alerts => 2,
            Self::Criticals => 1,
        }
    }

    fn share(self, room: usize) -> usize {
        match self {
            Self::Logs => room / 10 * 6,
            Self::Alerts => room / 10 * 9,
            Self::Criticals => room,
        }
    }
}

/// All that waits.
pub(crate) struct Crowd {
    room: usize,
    taken: AtomicUsize,
    metrics: Metrics,
}

impl Crowd {
    /// Nobody waits.
    pub(crate) fn new(room: usize, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self { room, taken: AtomicUsize::new(0), metrics })
    }

    /// A place for so many events, or none where those who may wait do so already.
    pub(crate) fn enter(self: &Arc<Self>, lane: Rank, events: usize) -> Option<Place> {
        let (size, share) = (events.saturating_add(REQUEST), lane.share(self.room));
        let fits = |taken: usize| {
            let all = taken.saturating_add(size);
            (all <= share || taken == 0).then_some(all)
        };
        match self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits) {
            Ok(_) => {
                self.metrics.waiting.inc_by(events as i64);
                Some(Place { crowd: Arc::clone(self), size, events })
            }
            Err(_) => {
                self.metrics.crowded_out(lane.as_str(), events as u64);
                None
            }
        }
    }
}

/// Held for as long as events wait.
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    size: usize,
    events: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.taken.fetch_sub(self.size, Ordering::AcqRel);
        self.crowd.metrics.waiting.dec_by(self.events as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::event::{EventStatus, Origin};
    use foghorn_sources::Limits;

    #[test]
    fn logs_are_turned_away_first_and_criticals_last() {
        let crowd = Crowd::new(1_000, Metrics::default());
        let enter = |lane, size: usize| crowd.enter(lane, size - REQUEST);
        let logs = enter(Rank::Logs, 600);
        assert!(logs.is_some() && enter(Rank::Logs, REQUEST).is_none());
        let alerts = enter(Rank::Alerts, 300);
        assert!(alerts.is_some() && enter(Rank::Alerts, REQUEST).is_none() && enter(Rank::Logs, REQUEST).is_none());
        let criticals = enter(Rank::Criticals, 100);
        assert!(criticals.is_some() && enter(Rank::Criticals, REQUEST).is_none());
        drop((logs, criticals));
        assert!(enter(Rank::Logs, 301).is_none() && enter(Rank::Logs, 300).is_some());
        drop(alerts);
        assert_eq!(crowd.taken.load(Ordering::Acquire), 0);
        assert_eq!(crowd.metrics.waiting.get(), 0);
    }

    #[test]
    fn the_largest_body_has_room_where_nothing_else_waits() {
        let crowd = Crowd::new(ROOM, Metrics::default());
        assert!(crowd.enter(Rank::Logs, Limits::default().events_per_body).is_some());
        let largest = crowd.enter(Rank::Logs, Limits::default().events_per_body);
        assert!(largest.is_some() && crowd.enter(Rank::Criticals, 1).is_none());
    }

    #[test]
    fn events_are_as_urgent_as_they_say() {
        let event = |status, severity, origin| NewEvent { status, severity, origin, ..NewEvent::new("a", "log", "x") };
        let check = |status, severity, origin, expected| {
            assert_eq!(Rank::of(&event(status, severity, origin)), expected, "{status:?} {severity:?} {origin:?}");
        };
        check(None, None, Origin::Events, Rank::Logs);
        check(None, Some(Severity::Error), Origin::ErrorLog, Rank::Logs);
        check(Some(EventStatus::Firing), None, Origin::Events, Rank::Alerts);
        check(Some(EventStatus::Resolved), Some(Severity::Error), Origin::Webhook, Rank::Alerts);
        check(None, None, Origin::PagerDuty, Rank::Alerts);
        check(Some(EventStatus::Firing), Some(Severity::Warning), Origin::Alertmanager, Rank::Alerts);
        check(Some(EventStatus::Firing), Some(Severity::Critical), Origin::Alertmanager, Rank::Criticals);
        check(None, Some(Severity::Critical), Origin::Events, Rank::Criticals);
        let [log, alert] = [None, Some(EventStatus::Firing)].map(|status| event(status, None, Origin::Events));
        assert_eq!(Rank::of_all(&[log.clone(), alert, log]), Rank::Alerts);
    }
}
