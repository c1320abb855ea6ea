//! Starting the stages, and stopping them in the order in which work flows.

use crate::act::Acting;
use crate::deliver::{Deliver, Outcomes};
use crate::doorbell::Doorbell;
use crate::escalate::Escalate;
use crate::explain::{Explainer, load_playbooks};
use crate::heads::HeadPublisher;
use crate::ingest::Ingest;
use crate::metrics::Metrics;
use crate::notify::Notify;
use crate::quiet::Quiet;
use crate::recall::Recollection;
use crate::reconcile::Reconcile;
use crate::roles::Roles;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::silences::Silences;
use crate::slack_hand::SlackHand;
use crate::triage::Triage;
use crate::trial::Trial;
use crate::vitals::{Pulse, Vitals};
use crate::watchman::Watchman;
use crate::watchman::rhythm::Hearing;
use foghorn_embed::Embedder;
use foghorn_store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Something a receiver got, for the terminal.
#[derive(Clone, Debug)]
pub struct Printed {
    /// About which incident.
    pub incident_id: i64,
    /// The message as text.
    pub text: String,
}

/// What the outside holds of a running pipeline.
#[derive(Clone)]
pub struct Handles {
    /// Everything there is.
    pub store: Store,
    /// The way in.
    pub ingest: Ingest,
    /// A person's hand.
    pub acting: Acting,
    /// The memory of fixes, searchable.
    pub recollection: Recollection,
    /// Explanations and messages.
    pub explainer: Explainer,
    /// Counters.
    pub metrics: Metrics,
    /// Whether the stages run.
    pub vitals: Vitals,
    /// What the stages were told.
    pub settings: Arc<Settings>,
    /// The routing in force.
    pub routes: Routes,
    /// Silences.
    pub silences: Silences,
    /// Whether somebody would be told now.
    pub quiet: Quiet,
    /// A person's hand in Slack.
    pub slack: SlackHand,
    /// Trials of the routing.
    pub trial: Trial,
    /// What became of messages to receivers last.
    pub outcomes: Outcomes,
}

/// The stages of one process. Either [`Pipeline::start`] runs them, or a test steps them by hand with
/// [`Pipeline::run_until_idle`].
pub struct Pipeline {
    handles: Handles,
    triage: Triage,
    notify: Notify,
    deliver: Deliver,
    escalate: Escalate,
    watchman: Watchman,
    reconcile: Reconcile,
    recollection: Recollection,
    triage_bell: Doorbell,
    notify_bell: Doorbell,
}

/// Running stages.
pub struct Running {
    /// Stops what comes from Slack over a connection of our own.
    of_slack: CancellationToken,
    /// In the order in which work flows.
    stages: Vec<(CancellationToken, JoinHandle<()>)>,
    store: Store,
}

impl Pipeline {
    /// Wires the stages. Without an embedder, recall goes by shared words alone. Fails, with a sentence for
    /// people, on unreadable playbooks, audit key or routing file.
    pub fn new(
        store: Store,
        settings: Settings,
        embedder: Option<Embedder>,
        printer: Option<mpsc::UnboundedSender<Printed>>,
    ) -> Result<Self, String> {
        let playbooks = load_playbooks(settings.playbooks.as_deref())?;
        let heads = HeadPublisher::open(store.clone(), &settings.audit_key, &settings.audit_heads)
            .map_err(|error| format!("cannot use the audit key: {error}"))?;
        let settings = Arc::new(settings);
        let metrics = Metrics::default();
        let (triage_bell, notify_bell) = (Doorbell::default(), Doorbell::default());
        let recollection = Recollection::new(store.clone(), embedder);
        let explainer = Explainer::new(store.clone(), recollection.clone(), playbooks, &settings);
        let public_url = settings.public_url.clone();
        let routes = Routes::load(settings.receivers.clone(), heads.origin(), public_url.as_deref())?;
        let silences = Silences::new(store.clone(), routes.clone());
        let quiet = Quiet::new(store.clone(), routes.clone(), silences.clone());
        let acting = Acting::new(store.clone(), metrics.clone(), notify_bell.clone());
        let slack = SlackHand::new(
            store.clone(),
            acting.clone(),
            silences.clone(),
            routes.slack().cloned(),
            &settings.receivers.slack,
        );
        let (told_by, quietly) = (explainer.clone(), quiet.clone());
        let deliver = Deliver::new(store.clone(), metrics.clone(), told_by, routes.clone(), quietly, &settings)?;
        let hearing = Hearing::default();
        let ingest = Ingest::new(store.clone(), metrics.clone(), triage_bell.clone(), hearing.clone());
        let watchman = Watchman::new(store.clone(), ingest.clone(), hearing, &settings);
        let handles = Handles {
            ingest,
            acting,
            routes: routes.clone(),
            silences,
            quiet: quiet.clone(),
            slack,
            trial: Trial::new(store.clone(), routes.clone(), deliver.outcomes()),
            outcomes: deliver.outcomes(),
            explainer: explainer.clone(),
            recollection: recollection.clone(),
            metrics: metrics.clone(),
            settings: Arc::clone(&settings),
            vitals: Vitals::default(),
            store: store.clone(),
        };
        Ok(Self {
            triage: Triage::new(store.clone(), metrics.clone(), Arc::clone(&settings)),
            notify: Notify::new(store.clone(), metrics.clone(), explainer, routes.clone(), quiet, &settings, printer),
            deliver,
            watchman,
            escalate: Escalate::new(store.clone(), routes),
            reconcile: Reconcile::new(store, metrics, settings, heads, triage_bell.clone(), notify_bell.clone()),
            recollection,
            handles,
            triage_bell,
            notify_bell,
        })
    }

    /// What the outside needs.
    pub fn handles(&self) -> Handles {
        self.handles.clone()
    }

    /// Runs every stage until there is nothing left to do. For tests and offline commands.
    pub async fn run_until_idle(&mut self) -> foghorn_store::Result<()> {
        loop {
            let triaged = self.triage.step().await?.events;
            if triaged + self.step_after_triage().await? == 0 {
                return Ok(());
            }
        }
    }

    /// Runs every stage but triage, once each. For tests.
    pub async fn run_all_but_triage(&mut self) -> foghorn_store::Result<()> {
        self.step_after_triage().await.map(drop)
    }

    async fn step_after_triage(&mut self) -> foghorn_store::Result<usize> {
        let swept = self.reconcile.pick_up_foreign().await? + self.reconcile.sweep_step().await?;
        let settled = self.reconcile.settle_outcomes().await?;
        let recalled = self.recollection.refresh_step().await?;
        let delivered = self.notify.deliver_step().await?;
        let edited = self.notify.edit_step().await?;
        let due = self.handles.quiet.settle().await? + self.escalate.step().await?;
        let told = self.deliver.step().await? + self.watchman.step().await?;
        Ok(swept + settled + recalled + delivered + edited + due + told)
    }

    /// Runs triage alone until the log is read.
    pub async fn triage_until_idle(&mut self) -> foghorn_store::Result<()> {
        while self.triage.step().await?.events > 0 {}
        Ok(())
    }

    /// Starts every stage.
    pub fn start(self) -> Running {
        let Self {
            handles,
            triage,
            notify,
            deliver,
            escalate,
            watchman,
            reconcile,
            recollection,
            triage_bell,
            notify_bell,
        } = self;
        let roles = handles.settings.roles;
        let of_slack = CancellationToken::new();
        if roles.web {
            let hand = handles.slack.clone();
            tokio::spawn(async move { hand.learn_workspace().await });
            if let Some(app_token) = handles.settings.receivers.slack.app_token.clone() {
                tokio::spawn(handles.slack.clone().listen(app_token, of_slack.clone()));
            }
        }
        let edit_interval = handles.settings.edit_interval;
        let vitals = &handles.vitals;
        let mut stages = Vec::new();
        let mut stage = |task: JoinHandle<()>, stop: CancellationToken| stages.push((stop, task));
        if roles.triage {
            let stop = CancellationToken::new();
            let pulse = vitals.watch("triage");
            stage(spawn_triage(triage, triage_bell, notify_bell.clone(), stop.clone(), pulse), stop);
        }
        if roles.triage || roles.agent || roles.web {
            let stop = CancellationToken::new();
            let timed = Timed {
                roles,
                reconcile,
                escalate,
                watchman,
                quiet: handles.quiet.clone(),
                routes: handles.routes.clone(),
                notify: notify_bell.clone(),
            };
            stage(tokio::spawn(reconcile_loop(timed, stop.clone(), vitals.watch("reconcile"))), stop);
        }
        if roles.agent {
            let stop = CancellationToken::new();
            let pulse = vitals.watch("notify");
            stage(tokio::spawn(notify_loop(notify, deliver, notify_bell, edit_interval, stop.clone(), pulse)), stop);
        }
        if roles.agent || roles.web {
            let stop = CancellationToken::new();
            stage(tokio::spawn(remember_loop(recollection, stop.clone(), vitals.watch("remember"))), stop);
        }
        Running { of_slack, stages, store: handles.store }
    }
}

impl Running {
    /// Lets each stage finish what it holds before the next one is stopped, so that what triage commits last
    /// is still told; then closes the store.
    pub async fn stop(self) {
        self.of_slack.cancel();
        for (stop, task) in self.stages {
            stop.cancel();
            let _ = task.await;
        }
        self.store.close().await;
    }
}

/// How long a stage waits for a ring before it looks anyway.
const IDLE: Duration = Duration::from_secs(1);

/// How often triage looks into a log that other processes write, too.
const LOOK_AT_SHARED: Duration = Duration::from_millis(100);

/// How often receivers are looked after while many tellings are worded.
const SPREAD_EVERY: Duration = Duration::from_millis(250);

/// How long what is on its way to receivers is waited for at a stop.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// Triage computes: it has a thread of its own and leaves the runtime's to those who wait.
fn spawn_triage(
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

async fn notify_loop(
    notify: Notify,
    deliver: Deliver,
    bell: Doorbell,
    edit_interval: Duration,
    stop: CancellationToken,
    _pulse: Pulse,
) {
    let mut next_edit = tokio::time::Instant::now();
    loop {
        let is_last = stop.is_cancelled();
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

/// Keeps the index over the memory up to date: a fix written now is recalled within half a second.
async fn remember_loop(recollection: Recollection, stop: CancellationToken, _pulse: Pulse) {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = ticks.tick() => {} }
        loop {
            match recollection.refresh_step().await {
                Ok(0) => break,
                Ok(_) if stop.is_cancelled() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "the memory could not be read and will be read again");
                    break;
                }
            }
        }
    }
}

/// What runs by the clock.
struct Timed {
    roles: Roles,
    reconcile: Reconcile,
    escalate: Escalate,
    watchman: Watchman,
    quiet: Quiet,
    routes: Routes,
    notify: Doorbell,
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
        }
        if self.roles.triage
            && seconds.is_multiple_of(5)
            && let Err(error) = self.reconcile.sweep_step().await
        {
            tracing::error!(%error, "the sweep over incidents failed and will run again");
        }
        if !self.roles.agent {
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

async fn reconcile_loop(mut timed: Timed, stop: CancellationToken, _pulse: Pulse) {
    let mut seconds: u64 = 0;
    let mut ticks = tokio::time::interval(IDLE);
    loop {
        tokio::select! { () = stop.cancelled() => break, _ = ticks.tick() => {} }
        timed.tick(seconds).await;
        seconds += 1;
    }
    if timed.roles.agent {
        timed.reconcile.publish_head().await;
    }
}
