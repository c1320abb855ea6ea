//! Intake on Postgres: one thread takes every request that is waiting, appends all of their events with a handful
//! of statements, commits once, and only then answers.
//!
//! Events without keys concern nobody else and are written as they are. Where a batch holds idempotency keys or
//! alerts, a lock makes it the only such batch in all processes; what is known of them is read in one go, each
//! event is judged in memory in its turn, and what became of them is written in one go ([`rows`]).

mod rows;

use crate::events::alert_state::{AlertState, Known, Refresh};
use crate::events::{IDEMPOTENCY_WINDOW, expired};
use crate::model::Appended;
use crate::room::Room;
use crate::sql::{Connection, Session};
use crate::writer::Open;
use crate::{Error, Result, time};
use foghorn_domain::clock::{Clock, Timestamp};
use foghorn_domain::event::{EventId, NewEvent};
use rows::{Batch, NewRow};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Events in one transaction, about.
const AT_ONCE: usize = 4_000;

/// Requests waiting at most; whoever comes later waits for room.
const QUEUE: usize = 4096;

enum Request {
    Append(Vec<NewEvent>, oneshot::Sender<Result<Vec<Appended>>>),
    Expire(oneshot::Sender<Result<usize>>),
    Spooled { spool: String, upto: i64, events: Vec<NewEvent>, answer: oneshot::Sender<Result<bool>> },
}

/// The writer of the event log.
pub(crate) struct Intake {
    requests: Mutex<Option<mpsc::Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Intake {
    pub(crate) fn start(session: Session, open: Open, room: Arc<Room>, clock: Clock, host: String) -> Self {
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-intake".to_owned())
            .spawn(move || {
                let mut log = Log { connection: session.into(), open, room, clock, host };
                while let Some(first) = receiver.blocking_recv() {
                    log.take(first, &mut receiver);
                }
            })
            .ok();
        Self { requests: Mutex::new(Some(sender)), thread: Mutex::new(thread) }
    }

    /// Appends events; when this returns they are on disk.
    pub(crate) async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Append(events, answer)).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Appends the ends of alerts whose time has passed.
    pub(crate) async fn expire(&self) -> Result<usize> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Expire(answer)).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Appends what waited in a spool up to a record, unless that has been done; answers whether it had not.
    pub(crate) async fn append_spooled(&self, spool: String, upto: i64, events: Vec<NewEvent>) -> Result<bool> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Spooled { spool, upto, events, answer }).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    async fn ask(&self, request: Request) -> Result<()> {
        let sender = lock(&self.requests).clone().ok_or(Error::Closed)?;
        sender.send(request).await.map_err(|_| Error::Closed)
    }

    /// Finishes what was handed over and stops.
    pub(crate) async fn close(&self) {
        drop(lock(&self.requests).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

struct Log {
    connection: Connection,
    open: Open,
    room: Arc<Room>,
    clock: Clock,
    host: String,
}

impl Log {
    fn take(&mut self, first: Request, waiting: &mut mpsc::Receiver<Request>) {
        let (mut lists, mut answers, mut count) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Append(events, answer) => {
                    count += events.len();
                    lists.push(events);
                    answers.push(answer);
                }
                Request::Expire(answer) => {
                    let _ = answer.send(self.expire());
                }
                Request::Spooled { spool, upto, events, answer } => {
                    let _ = answer.send(self.append_spooled(&spool, upto, &events));
                }
            }
            next = if count < AT_ONCE { waiting.try_recv().ok() } else { None };
        }
        if lists.is_empty() {
            return;
        }
        let all: Vec<&NewEvent> = lists.iter().flatten().collect();
        match self.append(&all) {
            Ok(appended) => {
                let mut appended = appended.into_iter();
                for (list, answer) in lists.iter().zip(answers) {
                    // A caller that has gone away needs no answer.
                    let _ = answer.send(Ok(appended.by_ref().take(list.len()).collect()));
                }
            }
            // One request's event may be what the server refuses; the others must not suffer for it.
            Err(error) if lists.len() > 1 && !self.has_to_wait(&error) => {
                for (list, answer) in lists.iter().zip(answers) {
                    let _ = answer.send(self.append(&list.iter().collect::<Vec<_>>()));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn has_to_wait(&self, error: &Error) -> bool {
        matches!(error, Error::ServerFull { .. } | Error::Unreachable { .. }) || self.connection.has_ended()
    }

    fn append(&mut self, events: &[&NewEvent]) -> Result<Vec<Appended>> {
        let now = self.clock.now();
        self.in_transaction(|connection, session| append(connection, session, events, now))
    }

    /// Whoever cannot connect has stored nothing, whatever the reason: a password that was changed heals like a server
    /// that is down, and what comes meanwhile may wait elsewhere.
    fn away(&self, error: Error) -> Error {
        match error {
            Error::Refused { detail, remedy, .. } => {
                Error::Unreachable { host: self.host.clone(), detail: format!("{detail}; {remedy}") }
            }
            error => error,
        }
    }

    fn append_spooled(&mut self, spool: &str, upto: i64, events: &[NewEvent]) -> Result<bool> {
        let now = self.clock.now();
        self.in_transaction(|connection, session| {
            let sql = "INSERT INTO spools (name, upto, drained_at) VALUES (?1, ?2, clock_timestamp())
                       ON CONFLICT (name) DO UPDATE SET upto = excluded.upto, drained_at = excluded.drained_at
                        WHERE spools.upto < excluded.upto";
            let is_new = session.run(sql, &[&spool, &upto])? > 0;
            if is_new {
                append(connection, session, &events.iter().collect::<Vec<_>>(), now)?;
            }
            Ok(is_new)
        })
    }

    fn expire(&mut self) -> Result<usize> {
        let now = self.clock.now();
        self.in_transaction(|connection, session| {
            lock_keys(session)?;
            let over = expired(connection, now)?;
            append(connection, session, &over.iter().collect::<Vec<_>>(), now)?;
            Ok(over.len())
        })
    }

    fn in_transaction<T>(&mut self, work: impl FnOnce(&Connection, &Session) -> Result<T>) -> Result<T> {
        if self.connection.has_ended() {
            self.connection = (self.open)().map_err(|error| self.away(error))?;
        }
        let connection = &self.connection;
        let Some(session) = connection.as_postgres() else { return Err(Error::Closed) };
        let mut is_committing = false;
        let mut done = catch_unwind(AssertUnwindSafe(|| {
            session.execute_batch("BEGIN")?;
            let done = work(connection, session)?;
            is_committing = true;
            session.execute_batch("SELECT 1; COMMIT")?;
            Ok(done)
        }))
        .unwrap_or_else(|_| Err(Error::Database { doing: "appending", detail: "the write panicked".to_owned() }));
        if done.is_err() && !session.is_closed() {
            let _ = session.execute_batch("ROLLBACK");
        }
        // What was lost before its commit was asked for is surely not stored, and may wait elsewhere. What was lost
        // in the middle of it may be stored or not: only whoever sent it can say it again under the same key.
        if let Err(Error::Database { detail, .. }) = &done
            && !is_committing
            && session.has_ended()
        {
            done = Err(Error::Unreachable { host: self.host.clone(), detail: detail.clone() });
        }
        let done = self.room.after_job(done);
        let verdict = self.room.after_batch(done.as_ref().map(drop).map_err(Clone::clone), true);
        verdict.and(done)
    }
}

/// Makes this the only transaction anywhere that judges keys and alerts.
fn lock_keys(session: &Session) -> Result<()> {
    session.rows("SELECT pg_advisory_xact_lock(1179600712, 5)", &[])?;
    Ok(())
}

/// An event's id, or that of a row that is about to be written.
#[derive(Clone, Copy)]
enum Id {
    Stored(EventId),
    New(usize),
}

/// What becomes of one event.
enum Fate {
    New(usize),
    Duplicate(Id),
    Refreshed(Id),
}

fn append(connection: &Connection, session: &Session, events: &[&NewEvent], now: Timestamp) -> Result<Vec<Appended>> {
    let alerts: Vec<Option<AlertState<'_>>> = events.iter().map(|event| AlertState::of(event, now)).collect();
    let has_keys = events.iter().any(|event| event.idempotency_key.is_some()) || alerts.iter().any(Option::is_some);
    if has_keys {
        lock_keys(session)?;
    }
    let mut keys = rows::known_keys(session, events, &time::write(now - IDEMPOTENCY_WINDOW))?;
    let (mut states, mut homes) = rows::known_alerts(session, events)?;
    let mut batch = Batch::default();
    let mut fates = Vec::with_capacity(events.len());
    for (event, alert) in events.iter().zip(&alerts) {
        let partition = rows::partition(event, &mut homes);
        fates.push(judge((event, partition), alert.as_ref(), &mut keys, &mut states, &mut batch));
    }
    let ids = rows::insert(session, &batch.rows, now)?;
    let id_of = |id: Id| match id {
        Id::Stored(id) => id,
        Id::New(row) => ids.get(row).copied().unwrap_or_default(),
    };
    rows::save_keys(session, &batch, now, id_of)?;
    rows::save_alerts(connection, session, &batch, &states, id_of)?;
    Ok(fates
        .into_iter()
        .map(|fate| match fate {
            Fate::New(row) => Appended::Stored(id_of(Id::New(row))),
            Fate::Duplicate(id) => Appended::Duplicate(id_of(id)),
            Fate::Refreshed(id) => Appended::Refreshed(id_of(id)),
        })
        .collect())
}

type Keys<'a> = HashMap<(&'a str, &'a str), Id>;
type States = HashMap<String, Known<Id>>;
/// The partition of each alert.
type Homes = HashMap<String, u16>;

fn judge<'a>(
    (event, partition): (&'a NewEvent, u16),
    alert: Option<&'a AlertState<'a>>,
    keys: &mut Keys<'a>,
    states: &mut States,
    batch: &mut Batch<'a>,
) -> Fate {
    let key = event.idempotency_key.as_deref().map(|key| (event.source.as_str(), key));
    if let Some(known) = key.and_then(|key| keys.get(&key)) {
        return Fate::Duplicate(*known);
    }
    let mut episode = event.episode.clone();
    let row = batch.rows.len();
    if let Some(alert) = alert {
        match alert.against(states.get(alert.fingerprint.as_str())) {
            Refresh::Nothing(id) => return Fate::Refreshed(id),
            Refresh::StillSo(id) => {
                batch.still_so.push(alert);
                return Fate::Refreshed(id);
            }
            Refresh::Changed { episode: known } => {
                let status = alert.status.as_str().to_owned();
                let (content, event_id) = (alert.content.clone(), Id::New(row));
                let state = Known { status, episode: known.clone(), content, event_id };
                states.insert(alert.fingerprint.as_str().to_owned(), state);
                // What stood there to be refreshed is overwritten by this.
                batch.still_so.retain(|earlier| earlier.fingerprint != alert.fingerprint);
                batch.changed.retain(|earlier| earlier.fingerprint != alert.fingerprint);
                batch.changed.push(alert);
                episode = Some(known);
            }
        }
    }
    if let Some(key) = key {
        keys.insert(key, Id::New(row));
        batch.keys.push((key, Id::New(row)));
    }
    batch.rows.push(NewRow { event, episode, partition });
    Fate::New(row)
}
