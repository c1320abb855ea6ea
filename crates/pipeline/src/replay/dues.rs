//! When time alone has something to do. Kept so that a quiet month costs a look or two and not a million.

use super::Heard;
use crate::routes::Routes;
use crate::run::Handles;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_routing::{Subject, Told, next_due};
use foghorn_store::{Result, Store};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Moments at which to stop the clock.
pub(super) struct Dues {
    routes: Routes,
    /// Receivers, maintenance, inhibitions or silences: what is told depends on more than triage.
    has_conditions: bool,
    /// When firing alerts run out unless they are posted again (some were), and silences end.
    ends: BinaryHeap<Reverse<Timestamp>>,
    /// No incident ends by quiet before this.
    quiet_not_before: Option<Timestamp>,
    /// The last moment at which an event was heard.
    heard_at: Timestamp,
}

/// Open incidents that are looked at.
const MOST: u32 = 10_000;
/// While somebody waits to be told, or is not told, the clock stops this often at first, and later seldomer.
const TICK: SignedDuration = SignedDuration::from_secs(5);
const SELDOMEST: SignedDuration = SignedDuration::from_mins(1);

impl Dues {
    pub(super) fn new(handles: &Handles) -> Self {
        let table = handles.routes.table();
        let routing = &table.routing;
        let has_conditions =
            !table.kinds().is_empty() || !routing.maintenance().is_empty() || !routing.inhibitions().is_empty();
        Self {
            routes: handles.routes.clone(),
            has_conditions,
            ends: BinaryHeap::new(),
            quiet_not_before: None,
            heard_at: Timestamp::MIN,
        }
    }

    /// There will be a silence until then.
    pub(super) fn expect_silence(&mut self, until: Timestamp) {
        self.has_conditions = true;
        self.ends.push(Reverse(until));
    }

    pub(super) fn has_conditions(&self) -> bool {
        self.has_conditions
    }

    /// Notes what was heard: incidents that it opens or feeds end by quiet no earlier than that much later.
    pub(super) fn heard(&mut self, batch: &[Heard], now: Timestamp, quiet_after: SignedDuration) {
        self.heard_at = now;
        self.ends.extend(batch.iter().filter_map(|heard| heard.event.expires_at).map(Reverse));
        self.quiet_not_before.get_or_insert(now + quiet_after);
    }

    /// The next moment after `now` and not after `until` at which there is something to do.
    pub(super) async fn next(&mut self, store: &Store, now: Timestamp, until: Timestamp) -> Result<Option<Timestamp>> {
        let mut due = None;
        let mut consider = |at: Timestamp| {
            if at > now && at <= until && due.is_none_or(|known| at < known) {
                due = Some(at);
            }
        };
        while self.ends.peek().is_some_and(|Reverse(at)| *at <= now) {
            self.ends.pop();
        }
        if let Some(Reverse(at)) = self.ends.peek() {
            consider(*at);
        }
        if self.quiet_not_before.is_some_and(|at| at <= until) {
            self.quiet_not_before = next_quiet(store, now).await?;
            self.quiet_not_before.into_iter().for_each(&mut consider);
        }
        if self.has_conditions && until.duration_since(now) > TICK {
            let (waiting, held) = (store.counts().await?.pending_notifications, store.held_back().await?.len());
            if waiting > 0 || held > 0 {
                consider(now + (now.duration_since(self.heard_at) / 8).clamp(TICK, SELDOMEST));
            }
            for (incident, at) in store.told_and_unanswered().await? {
                let told = Told { at, is_answered: false, reopened_count: incident.reopened_count };
                for routed in self.routes.table().routing.route(&Subject::from(&incident), now) {
                    let next = next_due(&told, &routed.escalation, routed.repeat_interval, now);
                    next.into_iter().for_each(&mut consider);
                }
            }
        }
        Ok(due)
    }
}

/// When quiet ends the first of the open incidents or its flapping.
async fn next_quiet(store: &Store, now: Timestamp) -> Result<Option<Timestamp>> {
    let policy = store.policy();
    let open = store.open_incidents(MOST).await?;
    let dues = open.iter().flat_map(|incident| {
        let changed_at = incident.changes.last().copied().unwrap_or(incident.first_seen);
        let quiet = incident.last_seen.max(changed_at) + policy.quiet_after;
        let calm = changed_at + policy.flap_calm;
        [(!incident.ends_by_source).then_some(quiet), incident.flapping_since.map(|_| calm)]
    });
    Ok(dues.flatten().filter(|at| *at > now).min())
}
