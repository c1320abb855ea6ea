//! Starting the stages, and stopping them in the order in which work flows.

mod loops;

use crate::access_keys::AccessKeys;
use crate::act::Acting;
use crate::agent_lease::AgentLease;
use crate::analyse::{Analyse, Asking};
use crate::calls::Calls;
use crate::deliver::{Deliver, Outcomes};
use crate::doorbell::Doorbell;
use crate::emergency::Emergency;
use crate::escalate::Escalate;
use crate::explain::{Explainer, load_playbooks};
use crate::heads::HeadPublisher;
use crate::ingest::{Away, Ingest};
use crate::mailbox::Mailbox;
use crate::metrics::Metrics;
use crate::notify::Notify;
use crate::overflow::Overflow;
use crate::quiet::Quiet;
use crate::recall::Recollection;
use crate::reconcile::Reconcile;
use crate::replicas::Replicas;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::shared_redis::SharedRedis;
use crate::silences::Silences;
use crate::slack_hand::SlackHand;
use crate::triage::{Triage, worker_name};
use crate::trial::Trial;
use crate::vitals::Vitals;
use crate::watchman::Watchman;
use crate::watchman::rhythm::Hearing;
use foghorn_embed::Embedder;
use foghorn_llm::Model;
use foghorn_store::Store;
use loops::{
    Timed, analyse_loop, emergency_loop, lease_loop, notify_loop, reconcile_loop, remember_loop, spawn_triage,
    spool_loop,
};
use std::sync::Arc;
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
    /// By what programs call.
    pub keys: AccessKeys,
    /// Whether somebody would be told now.
    pub quiet: Quiet,
    /// A person's hand in Slack.
    pub slack: SlackHand,
    /// Trials of the routing.
    pub trial: Trial,
    /// What became of messages to receivers last.
    pub outcomes: Outcomes,
    /// Messages that other programs leave.
    pub mailbox: Mailbox,
    /// Redis, where other programs share it.
    pub redis: Option<SharedRedis>,
    /// Where events wait while the database is away: this process' own spool first. None beside a file.
    pub overflows: Vec<Overflow>,
    /// The processes that share the database.
    pub replicas: Replicas,
}

/// The stages of one process. Either [`Pipeline::start`] runs them, or a test steps them by hand with
/// [`Pipeline::run_until_idle`].
pub struct Pipeline {
    handles: Handles,
    triage: Triage,
    notify: Notify,
    overflows: Vec<Overflow>,
    emergency: Emergency,
    analyse: Option<Analyse>,
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
    /// What listens to other programs and processes.
    of_others: (CancellationToken, Vec<JoinHandle<()>>),
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
        let asking = asking(&store, &settings)?;
        let explainer = Explainer::new(store.clone(), recollection.clone(), playbooks, &settings, asking.clone());
        let analyse = asking.map(|asking| Analyse::new(store.clone(), metrics.clone(), explainer.clone(), asking));
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
        let overflows = match store.is_shared() {
            true => Overflow::open(&settings.data_dir, settings.spool_bytes, &store)?,
            false => Vec::new(),
        };
        let emergency = Emergency::new(store.clone(), routes.clone(), metrics.clone(), deliver.outcomes());
        let away = overflows.first().map(|own| Away { overflow: own.clone(), emergency: emergency.clone() });
        let ingest = Ingest::new(store.clone(), metrics.clone(), triage_bell.clone(), hearing.clone(), away);
        let watchman = Watchman::new(store.clone(), ingest.clone(), hearing, &settings);
        let bells = (triage_bell.clone(), notify_bell.clone());
        let mailbox = Mailbox::new(store.clone(), ingest.clone(), metrics.clone(), bells.0.clone(), bells.1.clone());
        let redis = settings.redis.clone();
        let redis = redis.map(|redis| SharedRedis::new(store.clone(), mailbox.clone(), redis, bells)).transpose()?;
        let handles = Handles {
            mailbox,
            redis,
            overflows: overflows.clone(),
            replicas: Replicas::new(store.clone(), routes.clone(), metrics.clone(), &settings),
            ingest,
            acting,
            routes: routes.clone(),
            silences,
            keys: AccessKeys::new(store.clone(), metrics.clone()),
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
            overflows,
            emergency,
            analyse,
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
        if self.handles.store.is_away() {
            self.handles.store.look_for_it().await?;
        }
        let mut waited = 0;
        loop {
            let triaged = self.triage.step().await?.events;
            if triaged + self.step_after_triage().await? == 0 && !self.waits_for_others(&mut waited).await? {
                return Ok(());
            }
        }
    }

    /// On a shared log a row is read once no older transaction is open anywhere on the server; what waits for that alone is
    /// waited for, for a moment.
    async fn waits_for_others(&self, waited: &mut u32) -> foghorn_store::Result<bool> {
        if *waited >= 30 || !self.handles.store.is_shared() || self.handles.store.counts().await?.untriaged == 0 {
            return Ok(false);
        }
        *waited += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        Ok(true)
    }

    /// Takes up what a stop left undone, as [`Pipeline::start`] does. For tests.
    pub async fn resume(&self) -> foghorn_store::Result<()> {
        match &self.analyse {
            Some(analyse) => analyse.resume().await,
            None => Ok(()),
        }
    }

    /// Runs every stage but triage, once each. For tests.
    pub async fn run_all_but_triage(&mut self) -> foghorn_store::Result<()> {
        self.step_after_triage().await.map(drop)
    }

    async fn step_after_triage(&mut self) -> foghorn_store::Result<usize> {
        let mut drained = 0;
        for overflow in &self.overflows {
            drained += overflow.drain_step().await?;
        }
        if !self.overflows.iter().any(Overflow::is_in_use) {
            self.emergency.end();
        }
        drained += self.emergency.step().await;
        let swept = self.reconcile.pick_up_foreign().await? + self.reconcile.sweep_step().await?;
        let settled = self.reconcile.settle_outcomes().await?;
        let recalled = self.recollection.refresh_step().await?;
        let delivered = self.notify.deliver_step().await?;
        let asked = match &self.analyse {
            Some(analyse) => analyse.step().await?,
            None => 0,
        };
        let edited = self.notify.edit_step().await?;
        let due = self.handles.quiet.settle().await? + self.escalate.step().await?;
        let told = self.deliver.step().await? + self.watchman.step().await?;
        Ok(drained + swept + settled + recalled + delivered + asked + edited + due + told)
    }

    /// Tells what is due while the database is away. Answers whether somebody has still to be told. For tests.
    pub async fn tell_in_an_emergency(&self) -> bool {
        self.emergency.step().await;
        self.emergency.has_to_tell()
    }

    /// Runs triage alone until the log is read.
    pub async fn triage_until_idle(&mut self) -> foghorn_store::Result<()> {
        let mut waited = 0;
        while self.triage.step().await?.events > 0 || self.waits_for_others(&mut waited).await? {}
        Ok(())
    }

    /// Runs triage alone until the log is read. Returns how many reasons to tell arose.
    pub(crate) async fn triage_all(&mut self) -> foghorn_store::Result<usize> {
        let mut tellings = 0;
        loop {
            let step = self.triage.step().await?;
            tellings += step.outcome.tellings;
            if step.events == 0 {
                return Ok(tellings);
            }
        }
    }

    /// Decides about everything that waits to be told, and tells, until nothing is left that can go out now.
    pub(crate) async fn tell_all(&mut self) -> foghorn_store::Result<()> {
        loop {
            let due = self.handles.quiet.settle().await? + self.escalate.step().await?;
            if due + self.notify.deliver_step().await? + self.deliver.step().await? == 0 {
                return Ok(());
            }
        }
    }

    /// Starts every stage.
    pub fn start(self) -> Running {
        let Self {
            handles,
            triage,
            notify,
            overflows,
            emergency,
            analyse,
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
        let stop_others = CancellationToken::new();
        let mut of_others = handles.redis.as_ref().map(|redis| redis.start(roles, &stop_others)).unwrap_or_default();
        if handles.store.is_shared() {
            of_others.push(tokio::spawn(handles.replicas.clone().run(stop_others.clone())));
            if handles.redis.is_none() {
                let bells = (triage_bell.clone(), notify_bell.clone());
                let calls = Calls::new(handles.store.clone(), handles.metrics.clone(), bells);
                of_others.push(tokio::spawn(calls.run(stop_others.clone())));
            }
        }
        let lease = AgentLease::new(handles.store.clone(), worker_name());
        let edit_interval = handles.settings.edit_interval;
        let vitals = &handles.vitals;
        let mut stages = Vec::new();
        let mut stage = |task: JoinHandle<()>, stop: CancellationToken| stages.push((stop, task));
        if !overflows.is_empty() {
            let stop = CancellationToken::new();
            let (bell, pulse) = (triage_bell.clone(), vitals.watch("spool"));
            let watched = (handles.store.clone(), emergency.clone());
            stage(tokio::spawn(spool_loop(overflows, watched, bell, stop.clone(), pulse)), stop);
            let (stop, pulse) = (CancellationToken::new(), vitals.watch("emergency"));
            stage(tokio::spawn(emergency_loop(emergency, stop.clone(), pulse)), stop);
        }
        if roles.triage {
            let stop = CancellationToken::new();
            let pulse = vitals.watch("triage");
            stage(spawn_triage(triage, triage_bell, notify_bell.clone(), stop.clone(), pulse), stop);
        }
        if roles.triage || roles.agent || roles.web {
            let stop = CancellationToken::new();
            let timed = Timed {
                roles,
                lease: lease.clone(),
                reconcile,
                escalate,
                watchman,
                quiet: handles.quiet.clone(),
                routes: handles.routes.clone(),
                rules: handles.settings.rules.clone(),
                notify: notify_bell.clone(),
            };
            stage(tokio::spawn(reconcile_loop(timed, stop.clone(), vitals.watch("reconcile"))), stop);
        }
        if let Some(analyse) = analyse.filter(|_| roles.agent) {
            let stop = CancellationToken::new();
            stage(tokio::spawn(analyse_loop(analyse, lease.clone(), stop.clone(), vitals.watch("analyse"))), stop);
        }
        if roles.agent {
            let stop = CancellationToken::new();
            let pulse = vitals.watch("notify");
            let telling = notify_loop(notify, deliver, notify_bell, lease.clone(), edit_interval, stop.clone(), pulse);
            stage(tokio::spawn(telling), stop);
        }
        if roles.agent || roles.web {
            let stop = CancellationToken::new();
            stage(tokio::spawn(remember_loop(recollection, stop.clone(), vitals.watch("remember"))), stop);
        }
        if roles.agent {
            // Last: what the stages before it finish is still told under it.
            let stop = CancellationToken::new();
            stage(tokio::spawn(lease_loop(lease, stop.clone(), vitals.watch("lease"))), stop);
        }
        Running { of_slack, of_others: (stop_others, of_others), stages, store: handles.store }
    }
}

impl Running {
    /// Lets each stage finish what it holds before the next one is stopped, so that what triage commits last
    /// is still told; then closes the store.
    pub async fn stop(self) {
        self.of_slack.cancel();
        let (stop_others, of_others) = self.of_others;
        stop_others.cancel();
        for task in of_others {
            let _ = task.await;
        }
        for (stop, task) in self.stages {
            stop.cancel();
            let _ = task.await;
        }
        self.store.close().await;
    }
}

/// The language model, where one is set.
fn asking(store: &Store, settings: &Settings) -> Result<Option<Asking>, String> {
    let Some(model) = settings.model.clone() else { return Ok(None) };
    let clock = store.clock().clone();
    let model = match settings.model_script.clone() {
        Some(script) => Model::scripted(script, model, clock.clone()),
        None => {
            let seed = getrandom::u64().map_err(|error| format!("no random numbers are to be had: {error}"))?;
            Model::new(model, clock.clone(), seed)?
        }
    };
    Ok(Some(Asking::new(model, clock, Doorbell::default())))
}
