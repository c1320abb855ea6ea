//! The loops around the stages: each steps when a bell rings or a timer runs out, until it is stopped.

use crate::agent_lease::{AgentLease, RENEW_EVERY};
use crate::analyse::Analyse;
use crate::deliver::Deliver;
use crate::doorbell::Doorbell;
use crate::emergency::Emergency;
use crate::escalate::Escalate;
use crate::notify::Notify;
use crate::overflow::Overflow;
use crate::own_rules::OwnRules;
use crate::quiet::Quiet;
use crate::recall::Recollection;
use crate::reconcile::Reconcile;
use crate::roles::Roles;
use crate::routes::Routes;
use crate::triage::Triage;
use crate::vitals::Pulse;
use crate::watchman::Watchman;
use foghorn_store::Store;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Questions to the model at the same time; the model's own bound may be lower.
const QUESTIONS_AT_ONCE: usize = 8;

/// How long a stage waits for a ring before it looks anyway.
const IDLE: Duration = Duration::from_secs(1);

/// How often receivers are looked after while many tellings are worded.
const SPREAD_EVERY: Duration = Duration::from_millis(250);

/// How often triage looks into a log that other processes write, too.
const LOOK_AT_SHARED: Duration = Duration::from_millis(100);

/// How long triage lets events gather after a small batch from a log that is shared: a batch costs the server much the same
/// whether it holds ten events or a thousand.
const GATHER: Duration = Duration::from_millis(25);

/// A batch of fewer events is small.
const SMALL: usize = 500;

/// How long what is on its way to receivers is waited for at a stop.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// Triage computes: it has a thread of its own and leaves the runtime's to those who wait.
pub(super) fn spawn_triage(
    mut triage: Triage,
    bell: Doorbell,
    notify: Doorbell,
    stop: CancellationToken,
    pulse: Pulse,
) -> JoinHandle<()> {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let _pulse = pulse;
        // What another process accepts rings no bell here.
        let idle = if triage.is_shared() { LOOK_AT_SHARED } else { IDLE };
        runtime.block_on(async {
            let mut failures: u32 = 0;
            loop {
                match triage.step().await {
                    Ok(step) => {
                        failures = 0;
                        if step.outcome.tellings > 0 || !step.outcome.opened.is_empty() {
                            notify.ring();
                        }
                        if step.events == 0 {
                            if stop.is_cancelled() {
                                return triage.release().await;
                            }
                            tokio::select! { () = stop.cancelled() => {}, () = bell.wait(idle) => {} }
                        } else if step.events < SMALL && triage.is_shared() {
                            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(GATHER) => {} }
                        }
                    }
                    Err(error) => {
                        failures += 1;
                        tracing::error!(%error, failures, "triage could not commit its batch and will read it again");
                        if stop.is_cancelled() {
                            return triage.release().await;
                        }
                        tokio::time::sleep(backoff(failures)).await;
                    }
                }
            }
        });
    })
}

fn backoff(failures: u32) -> Duration {
    Duration::from_millis(100 * 2_u64.pow(failures.min(7)))
}

pub(super) async fn notify_loop(
    notify: Notify,
    deliver: Deliver,
    bell: Doorbell,
    lease: AgentLease,
    edit_interval: Duration,
    stop: CancellationToken,
    _pulse: Pulse,
) {
    let mut next_edit = tokio::time::Instant::now();
    loop {
        let is_last = stop.is_cancelled();
        if !lease.is_held() {
            if is_last {
                return;
            }
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(edit_interval) => {} }
            continue;
        }
        let mut delivered = 0;
        match deliver_and_spread(&notify, &deliver).await {
            Ok(count) => delivered = count,
            Err(error) => tracing::error!(%error, "messages could not be delivered and will be tried again"),
        }
        if is_last || tokio::time::Instant::now() >= next_edit {
            if let Err(error) = notify.edit_step().await {
                tracing::error!(%error, "messages could not be edited and will be tried again");
            }
            next_edit = tokio::time::Instant::now() + edit_interval;
        }
        if let Err(error) = deliver.spread().await {
            tracing::error!(%error, "receivers could not be told and will be tried again");
        }
        if is_last && delivered == 0 {
            deliver.finish(FINISH_WITHIN).await;
            return;
        }
        if delivered == 0 {
            tokio::select! { () = stop.cancelled() => {}, () = bell.wait(edit_interval) => {} }
        }
    }
}

/// Delivers to the dashboard what waits. Many take a while to be worded; receivers are told of the first meanwhile.
async fn deliver_and_spread(notify: &Notify, deliver: &Deliver) -> foghorn_store::Result<usize> {
    let delivering = notify.deliver_step();
    tokio::pin!(delivering);
    loop {
        tokio::select! {
            outcome = &mut delivering => return outcome,
            () = tokio::time::sleep(SPREAD_EVERY) => {
                if let Err(error) = deliver.spread().await {
                    tracing::error!(%error, "receivers could not be told and will be tried again");
                }
            }
        }
    }
}

/// How often a database that nobody waits for is asked whether it is there.
const LOOK_FOR_IT: Duration = Duration::from_secs(2);

/// Hands over what waits in spools once the database answers, oldest first, and notices when it is away and back.
pub(super) async fn spool_loop(
    overflows: Vec<Overflow>,
    (store, emergency): (Store, Emergency),
    triage: Doorbell,
    stop: CancellationToken,
    _pulse: Pulse,
) {
    let mut failures: u32 = 0;
    let mut looked_at = tokio::time::Instant::now();
    loop {
        let is_in_use = overflows.iter().any(Overflow::is_in_use);
        if !is_in_use && (store.is_away() || looked_at.elapsed() >= LOOK_FOR_IT) {
            let was_away = store.is_away();
            match store.look_for_it().await {
                Ok(()) if was_away => tracing::info!("the database answers again"),
                Err(error) if !was_away => tracing::warn!(%error, "the database is away"),
                Ok(()) | Err(_) => {}
            }
            looked_at = tokio::time::Instant::now();
        }
        match (store.is_away(), is_in_use) {
            (true, _) => emergency.begin(),
            (false, false) => emergency.end(),
            (false, true) => {}
        }
        let mut handed_over = 0;
        for overflow in &overflows {
            match overflow.drain_step().await {
                Ok(count) => {
                    handed_over += count;
                    failures = 0;
                }
                Err(error) if failures == 0 => {
                    failures += 1;
                    tracing::warn!(%error, "events wait in the spool");
                }
                Err(_) => failures += 1,
            }
        }
        if handed_over > 0 {
            tracing::info!(events = handed_over, "the spool has handed events over");
            triage.ring();
        } else if stop.is_cancelled() {
            for overflow in &overflows {
                overflow.close().await;
            }
            return;
        } else {
            let pause = Duration::from_millis(200).max(backoff(failures).min(Duration::from_secs(2)));
            tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(pause) => {} }
        }
    }
}

/// Tells of criticals while the database is away.
pub(super) async fn emergency_loop(emergency: Emergency, stop: CancellationToken, _pulse: Pulse) {
    while !stop.is_cancelled() {
        emergency.spread();
        // What is due later, since a receiver asked to wait, is looked at again soon.
        let at_most = if emergency.has_to_tell() { SPREAD_EVERY / 2 } else { IDLE };
        tokio::select! { () = stop.cancelled() => {}, () = emergency.wait(at_most) => {} }
    }
    let last = async {
        loop {
            emergency.step().await;
            if !emergency.has_to_tell() {
                return;
            }
            tokio::time::sleep(SPREAD_EVERY).await;
        }
    };
    let _ = tokio::time::timeout(FINISH_WITHIN, last).await;
}

/// Asks a language model, several questions at a time. At a stop what is on its way is left: nobody waits for it,
/// and it is asked again after the next start.
pub(super) async fn analyse_loop(analyse: Analyse, lease: AgentLease, stop: CancellationToken, _pulse: Pulse) {
    if let Err(error) = analyse.resume().await {
        tracing::error!(%error, "incidents that nobody asked about could not be looked through");
    }
    let mut under_way = tokio::task::JoinSet::new();
    while !stop.is_cancelled() {
        if lease.is_held()
            && let Err(error) = analyse.hear_people().await
        {
            tracing::warn!(%error, "whether people asked for an analysis could not be looked up");
        }
        while under_way.len() < QUESTIONS_AT_ONCE
            && lease.is_held()
            && let Some(job) = analyse.next()
        {
            let analyse = analyse.clone();
            under_way.spawn(async move { analyse.handle(job).await });
        }
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = under_way.join_next() => {}
            () = analyse.wait(IDLE) => {}
        }
    }
}

/// Ticks that are not made up for after a standstill.
fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

/// Keeps the index over the memory up to date: a fix written now is recalled within half a second.
pub(super) async fn remember_loop(recollection: Recollection, stop: CancellationToken, _pulse: Pulse) {
    let mut ticks = every(Duration::from_millis(500));
    let mut is_failing = false;
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = ticks.tick() => {} }
        loop {
            match recollection.refresh_step().await {
                Ok(0) => {
                    is_failing = false;
                    break;
                }
                Ok(_) if stop.is_cancelled() => return,
                Ok(_) => {}
                Err(error) => {
                    // Twice a second is too often to say it.
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::error!(%error, "the memory could not be read and will be read again");
                    }
                    break;
                }
            }
        }
    }
}

/// What runs by the clock.
pub(super) struct Timed {
    pub(super) roles: Roles,
    pub(super) lease: AgentLease,
    pub(super) reconcile: Reconcile,
    pub(super) escalate: Escalate,
    pub(super) watchman: Watchman,
    pub(super) quiet: Quiet,
    pub(super) routes: Routes,
    pub(super) rules: OwnRules,
    pub(super) notify: Doorbell,
}

impl Timed {
    /// Steps of escalation that are due, and what was held back and no longer is.
    async fn tell_what_is_due(&self) -> foghorn_store::Result<()> {
        if self.quiet.settle().await? + self.escalate.step().await? > 0 {
            self.notify.ring();
        }
        Ok(())
    }

    /// What is due in this second. What fails is tried again when it is due the next time.
    async fn tick(&mut self, seconds: u64) {
        if seconds.is_multiple_of(2) {
            self.routes.reload();
            let rules = self.rules.clone();
            // Patterns take a while to compile. If that fails, the rules in force stay.
            let _ = tokio::task::spawn_blocking(move || rules.reload()).await;
        }
        if self.roles.triage
            && seconds.is_multiple_of(5)
            && let Err(error) = self.reconcile.sweep_step().await
        {
            tracing::error!(%error, "the sweep over incidents failed and will run again");
        }
        if !self.roles.agent || !self.lease.is_held() {
            return;
        }
        if let Err(error) = self.reconcile.pick_up_foreign().await {
            tracing::error!(%error, "incidents of other programs could not be taken up and will be tried again");
        }
        if seconds.is_multiple_of(2)
            && let Err(error) = self.tell_what_is_due().await
        {
            tracing::error!(%error, "what is due could not be queued and will be tried again");
        }
        if let Err(error) = self.watchman.step().await {
            tracing::error!(%error, "the watchman could not go round and tries again");
        }
        if seconds.is_multiple_of(60) {
            self.reconcile.publish_head().await;
            if let Err(error) = self.reconcile.settle_outcomes().await {
                tracing::error!(%error, "what became of fixes could not be recorded and will be tried again");
            }
            match self.reconcile.forget_step().await {
                Ok(0) => {}
                Ok(events) => tracing::info!(events, "retention has forgotten old events"),
                Err(error) => tracing::error!(%error, "retention failed and will run again"),
            }
        }
    }
}

pub(super) async fn reconcile_loop(mut timed: Timed, stop: CancellationToken, _pulse: Pulse) {
    let mut seconds: u64 = 0;
    let mut ticks = every(IDLE);
    loop {
        tokio::select! { () = stop.cancelled() => break, _ = ticks.tick() => {} }
        timed.tick(seconds).await;
        seconds += 1;
    }
    if timed.roles.agent && timed.lease.is_held() {
        timed.reconcile.publish_head().await;
    }
}

/// Keeps the lease on telling people, or asks for it while another process has it.
pub(super) async fn lease_loop(lease: AgentLease, stop: CancellationToken, _pulse: Pulse) {
    let mut ticks = every(RENEW_EVERY);
    loop {
        tokio::select! { () = stop.cancelled() => break, _ = ticks.tick() => {} }
        lease.renew().await;
    }
    lease.release().await;
}
