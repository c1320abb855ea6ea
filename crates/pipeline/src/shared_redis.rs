//! The keys in Redis that other programs share with Foghorn, and the doorbell between its processes.
//!
//! Four loops, each on a connection of its own, which it opens again for ever: one hears announcements and rings, one
//! empties the queue of events, one says which incidents have opened, one rings for others. That Redis is away is said
//! once, and everything goes on without it: the store is the truth.

use crate::doorbell::Doorbell;
use crate::mailbox::{Mailbox, Origin};
use crate::roles::Roles;
use foghorn_domain::incident::IncidentId;
use foghorn_redis::contract::{ALERTS, DOORBELL, MOST_NOTIFICATIONS, NOTIFICATIONS, announcement};
use foghorn_redis::{LinkState, LinkStates, RedisAddress, RedisClient, RedisFault, backoff};
use foghorn_store::Store;
use foghorn_store::announcements::{Announcement, Audience};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the stages need to know of Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub address: RedisAddress,
    /// The channel on which others announce incidents.
    pub channel: String,
    /// The list on which others queue events.
    pub queue: String,
}

/// The connections; clones share them.
#[derive(Clone)]
pub struct SharedRedis {
    store: Store,
    mailbox: Mailbox,
    client: RedisClient,
    settings: Arc<RedisSettings>,
    states: LinkStates,
    triage: Doorbell,
    notify: Doorbell,
}

/// How often it is looked whether an incident has opened.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Incidents that are announced at once.
const AT_ONCE: u32 = 200;
/// How long a server that takes no writes is left alone.
const FULL_FOR: Duration = Duration::from_secs(2);
/// Rings are passed on no more often than this.
const RING_EVERY: Duration = Duration::from_millis(20);

impl SharedRedis {
    /// Nothing is connected yet. The error is for people.
    pub(crate) fn new(
        store: Store,
        mailbox: Mailbox,
        settings: RedisSettings,
        (triage, notify): (Doorbell, Doorbell),
    ) -> Result<Self, String> {
        let client = RedisClient::new(settings.address.clone()).map_err(|fault| format!("redis.url: {fault}"))?;
        let (settings, states) = (Arc::new(settings), LinkStates::default());
        Ok(Self { store, mailbox, client, settings, states, triage, notify })
    }

    /// Where it is, without the password.
    pub fn address(&self) -> &RedisAddress {
        self.client.address()
    }

    /// How each connection stands.
    pub fn states(&self) -> Vec<(&'static str, LinkState)> {
        self.states.all()
    }

    /// Takes announcements from the list that others read too, oldest first.
    pub async fn pop_notifications(&self, most: usize) -> Result<Vec<Vec<u8>>, RedisFault> {
        self.client.commands().await?.pop(NOTIFICATIONS, most).await
    }

    pub(crate) fn start(&self, roles: Roles, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
        let mut tasks = vec![
            tokio::spawn(self.clone().keep(stop.clone(), "channel", move |this| async move { this.hear(roles).await })),
            tokio::spawn(self.clone().keep(
                stop.clone(),
                "doorbell",
                |this| async move { this.ring_for_others().await },
            )),
        ];
        if roles.ingest {
            tasks.push(tokio::spawn(
                self.clone().keep(stop.clone(), "queue", |this| async move { this.empty_queue().await }),
            ));
        }
        if roles.agent {
            tasks.push(tokio::spawn(
                self.clone().keep(stop.clone(), "announcements", |this| async move { this.announce().await }),
            ));
        }
        tasks
    }

    /// Runs a loop until the stop, and again whenever it ends with a fault.
    async fn keep<F>(self, stop: CancellationToken, link: &'static str, run: impl Fn(Self) -> F)
    where
        F: Future<Output = Result<(), RedisFault>>,
    {
        let mut failures = 0;
        loop {
            let began = tokio::time::Instant::now();
            let ended = tokio::select! { () = stop.cancelled() => return, ended = run(self.clone()) => ended };
            let fault = ended.err().unwrap_or_else(|| RedisFault::Away("the connection was closed".to_owned()));
            // One that had worked for a while is tried again at once.
            failures = if began.elapsed() > Duration::from_secs(30) { 0 } else { failures + 1 };
            self.fails(link, fault);
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(backoff(failures)) => {} }
        }
    }

    fn note(&self, link: &'static str, fault: Option<RedisFault>) -> bool {
        self.states.note(link, fault, self.store.clock().now())
    }

    fn fails(&self, link: &'static str, fault: RedisFault) {
        if self.note(link, Some(fault.clone())) {
            tracing::warn!(redis = %self.address(), "Redis cannot be used: {fault}. Everything else goes on, and it is tried again");
        }
    }

    fn works(&self, link: &'static str) {
        if self.note(link, None) {
            tracing::info!(redis = %self.address(), "Redis can be used again");
        }
    }

    async fn hear(&self, roles: Roles) -> Result<(), RedisFault> {
        let channel = self.settings.channel.as_str();
        let mut listener = self.client.listen(&[channel, DOORBELL]).await?;
        self.works("channel");
        while let Some((said_on, body)) = listener.next().await {
            if said_on == DOORBELL {
                self.triage.ring_here();
                self.notify.ring_here();
            } else if roles.agent
                && let Err(error) = self.mailbox.receive(Origin::Incidents, &body).await
            {
                tracing::error!(%error, "an announced incident could not be looked up, and nobody will announce it again");
            }
        }
        Ok(())
    }

    async fn ring_for_others(&self) -> Result<(), RedisFault> {
        let mut commands = self.client.commands().await?;
        commands.ping().await?;
        self.works("doorbell");
        loop {
            tokio::select! { () = self.triage.rung() => {}, () = self.notify.rung() => {} }
            commands.publish(DOORBELL, "ring").await?;
            tokio::time::sleep(RING_EVERY).await;
        }
    }

    /// What others queue. An entry stays on a list of what is being handled until the store has it.
    async fn empty_queue(&self) -> Result<(), RedisFault> {
        let queue = self.settings.queue.as_str();
        let handled = format!("{queue}:processing");
        let mut commands = self.client.commands().await?;
        let left_over = match commands.put_back(&handled, queue).await {
            // A server that is full moves nothing; what is there stays until it is not.
            Err(RedisFault::Full) => 0,
            put_back => put_back?,
        };
        if left_over > 0 {
            tracing::info!(left_over, queue, "events that were being handled when somebody stopped are handled again");
        }
        self.works("queue");
        loop {
            match commands.take(queue, &handled).await {
                Ok(Some(body)) => {
                    self.take_in(&body).await;
                    commands.remove(&handled, &body).await?;
                }
                Ok(None) => self.works("queue"),
                Err(RedisFault::Full) => {
                    // Entries can still be looked at and removed where none can be moved.
                    self.fails("queue", RedisFault::Full);
                    match commands.look(queue).await? {
                        Some(body) => {
                            self.take_in(&body).await;
                            commands.remove(queue, &body).await?;
                        }
                        None => tokio::time::sleep(Duration::from_secs(1)).await,
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Until the store has it.
    async fn take_in(&self, body: &[u8]) {
        let mut failures = 0;
        while let Err(error) = self.mailbox.receive(Origin::Events, body).await {
            if failures == 0 {
                tracing::error!(%error, "a queued event could not be stored and is tried again");
            }
            failures += 1;
            tokio::time::sleep(backoff(failures)).await;
        }
    }

    async fn announce(&self) -> Result<(), RedisFault> {
        let mut commands = self.client.commands().await?;
        let mut is_full = false;
        commands.ping().await?;
        loop {
            if !is_full {
                self.works("announcements");
            }
            match self.store.announcements(Audience::Redis, AT_ONCE).await {
                Ok(found) if !found.is_empty() => {
                    let last = self.skip_far_past(&found).await;
                    let bodies: Vec<String> = found.iter().filter(|one| one.incident_id > last).map(body_of).collect();
                    let pushed = match bodies.is_empty() {
                        true => Ok(()),
                        false => commands.push_bounded(NOTIFICATIONS, &bodies, MOST_NOTIFICATIONS).await,
                    };
                    is_full = pushed == Err(RedisFault::Full);
                    if is_full {
                        self.fails("announcements", RedisFault::Full);
                        tokio::time::sleep(FULL_FOR).await;
                        continue;
                    }
                    pushed?;
                    for body in &bodies {
                        commands.publish(ALERTS, body).await?;
                    }
                    let upto = found.last().map_or(last, |one| one.incident_id).max(last);
                    if let Err(error) = self.store.note_announced(Audience::Redis, upto).await {
                        tracing::error!(%error, "it could not be noted what was announced; it may be announced again");
                    }
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "new incidents could not be looked up and will be"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// After a long time without Redis, only as many are announced as the list keeps: the incident to begin behind.
    async fn skip_far_past(&self, found: &[Announcement]) -> IncidentId {
        let newest = self.store.newest_incident().await.unwrap_or_default();
        let oldest_kept = newest - MOST_NOTIFICATIONS as IncidentId;
        if found.last().is_some_and(|last| last.incident_id < oldest_kept) { oldest_kept } else { 0 }
    }
}

/// An announcement as other programs read it.
pub fn body_of(one: &Announcement) -> String {
    announcement(one.incident_id, &one.source, &one.summary, one.at)
}
