//! What happens while nobody acknowledges: the steps that the routing names, and repetitions. Every time is
//! counted from what the store holds, so a restart neither forgets a step nor takes one twice.

use crate::routes::Routes;
use foghorn_routing::{Subject, Told, repeat_due, steps_due};
use foghorn_store::{Result, Store};

/// Looks for steps that are due.
#[derive(Clone)]
pub struct Escalate {
    store: Store,
    routes: Routes,
}

impl Escalate {
    pub(crate) fn new(store: Store, routes: Routes) -> Self {
        Self { store, routes }
    }

    /// Queues the reasons that have become due. Returns how many.
    pub async fn step(&self) -> Result<usize> {
        let table = self.routes.table();
        if !table.routing.goes_on_telling() {
            return Ok(0);
        }
        let now = self.store.clock().now();
        let mut due = Vec::new();
        for (incident, at) in self.store.told_and_unanswered().await? {
            let told = Told { at, is_answered: false, reopened_count: incident.reopened_count };
            for routed in table.routing.route(&Subject::from(&incident), now) {
                // Routes whose steps have the same time share one telling; any other has its own.
                let steps = steps_due(&told, &routed.escalation, now).into_iter().map(|step| step.key);
                let repeat = routed.repeat_interval.and_then(|every| repeat_due(&told, every, now)).map(|(key, _)| key);
                due.extend(steps.chain(repeat).map(|key| (incident.id, key)));
            }
        }
        if due.is_empty() { Ok(0) } else { self.store.queue_reasons(due).await }
    }
}
