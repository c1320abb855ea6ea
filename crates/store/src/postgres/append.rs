//! Intake on Postgres: a thread takes every request that is waiting, appends all of their events with a handful
//! of statements, commits once, and only then answers. Meanwhile the next takes what has come since: one waits for the
//! disk while another's rows are written.
//!
//! A server that says nothing, or cannot be reached, is away: from then on everybody is told so at once, until
//! somebody has asked for it ([`Intake::look_for_it`]) and it has answered.
//!
//! Events without keys concern nobody else and are written as they are. Where a batch holds idempotency keys or
//! alerts, a lock makes it the only such batch in all processes; what is known of them is read in one go, each
//! event is judged in memory in its turn, and what became of them is written in one go ([`rows`]).

mod rows;

use crate::events::alert_state::{AlertState, Known, Refresh};
use crate::events::{IDEMPOTENCY_WINDOW, expired};
use crate::model::Appended;
use crate::room::Room;
use crate::sql::{self, Connection, Session};
use crate::writer::Open;
use crate::{Error, Result, time};
use foghorn_domain::clock::{Clock, Timestamp};
use foghorn_domain::event::{EventId, NewEvent};
use rows::{Batch, NewRow};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Events in one transaction, about.
const AT_ONCE: usize = 1_000;

/// Requests waiting at most; whoever comes later waits for room.
const QUEUE: usize = 4096;

enum Request {
    Append(Arc<[NewEvent]>, oneshot::Sender<Result<Vec<Appended>>>),
    Expire(oneshot::Sender<Result<usize>>),
    Spooled { spool: String, records: Vec<(i64, NewEvent)>, answer: oneshot::Sender<Result<usize>> },
    LookForIt(oneshot::Sender<Result<()>>),
}

/// The writer of the event log.
pub(crate) struct Intake {
    requests: Mutex<Option<mpsc::Sender<Request>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    is_away: Arc<AtomicBool>,
    host: String,
}

impl Intake {
    /// A thread for each session. `open` makes another session where one has ended.
    pub(crate) fn start(
        sessions: Vec<Session>,
        open: impl Fn() -> Open,
        room: &Arc<Room>,
        clock: &Clock,
        host: String,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (receiver, is_away) = (Arc::new(Mutex::new(receiver)), Arc::new(AtomicBool::new(false)));
        let mut threads = Vec::new();
        for session in sessions {
            let mut log = Log {
                connection: Some(session.into()),
                open: open(),
                room: Arc::clone(room),
                clock: clock.clone(),
                host: host.clone(),
                is_away: Arc::clone(&is_away),
            };
            let receiver = Arc::clone(&receiver);
            let thread = std::thread::Builder::new().name("store-intake".to_owned()).spawn(move || {
                while let Some(taken) = take_waiting(&receiver) {
                    log.handle(taken)
                }
            });
            threads.extend(thread.ok());
        }
        Self { requests: Mutex::new(Some(sender)), threads: Mutex::new(threads), is_away, host }
    }

    /// Whether the server did not answer when it was last asked.
    pub(crate) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// What is to be said of a server that is away.
    pub(crate) fn away(&self) -> Option<Error> {
        self.is_away().then(|| away(&self.host))
    }

    /// Asks the server whether it is there.
    pub(crate) async fn look_for_it(&self) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::LookForIt(answer)).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Appends events; when this returns they are on disk.
    pub(crate) async fn append(&self, events: Arc<[NewEvent]>) -> Result<Vec<Appended>> {
        if let Some(away) = self.away() {
            return Err(away);
        }
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

    /// Appends what waited in a spool, as far as that has not been done; answers how many events these were.
    pub(crate) async fn append_spooled(&self, spool: String, records: Vec<(i64, NewEvent)>) -> Result<usize> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Spooled { spool, records, answer }).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    async fn ask(&self, request: Request) -> Result<()> {
        let sender = lock(&self.requests).clone().ok_or(Error::Closed)?;
        sender.send(request).await.map_err(|_| Error::Closed)
    }

    /// Finishes what was handed over and stops.
    pub(crate) async fn close(&self) {
        drop(lock(&self.requests).take());
        let threads = std::mem::take(&mut *lock(&self.threads));
        let all = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join())));
        let _ = all.await;
    }
}

fn away(host: &str) -> Error {
    Error::Unreachable { host: host.to_owned(), detail: "it did not answer when it was last asked".to_owned() }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// All requests that wait, up to about [`AT_ONCE`] events; waits for the first. `None` at the end.
fn take_waiting(receiver: &Mutex<mpsc::Receiver<Request>>) -> Option<Vec<Request>> {
    let mut waiting = lock(receiver);
    let mut taken = vec![waiting.blocking_recv()?];
    let size = |request: &Request| match request {
        Request::Append(events, _) => events.len(),
        _ => 0,
    };
    let mut count = size(&taken[0]);
    while count < AT_ONCE
        && let Ok(request) = waiting.try_recv()
    {
        count += size(&request);
        taken.push(request);
    }
    Some(taken)
}

struct Log {
    /// None once one has failed: what it had begun must not hold its locks until this thread is asked again.
    connection: Option<Connection>,
    open: Open,
    room: Arc<Room>,
    clock: Clock,
    host: String,
    is_away: Arc<AtomicBool>,
}

impl Log {
    fn handle(&mut self, taken: Vec<Request>) {
        let (mut lists, mut answers) = (Vec::new(), Vec::new());
        // A server that does not answer is asked last: nobody else waits for that.
        let mut asks_for_it = Vec::new();
        for request in taken {
            match request {
                Request::Append(events, answer) => {
                    lists.push(events);
                    answers.push(answer);
                }
                Request::Expire(answer) => {
                    let _ = answer.send(self.expire());
                }
                Request::Spooled { spool, records, answer } => {
                    let _ = answer.send(self.append_spooled(&spool, &records));
                }
                Request::LookForIt(answer) => asks_for_it.push(answer),
            }
        }
        if !lists.is_empty() {
            self.append_lists(&lists, answers);
        }
        for answer in asks_for_it {
            let _ = answer.send(self.look_for_it());
        }
    }

    fn append_lists(&mut self, lists: &[Arc<[NewEvent]>], answers: Vec<oneshot::Sender<Result<Vec<Appended>>>>) {
        let all: Vec<&NewEvent> = lists.iter().flat_map(|list| list.iter()).collect();
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
        matches!(error, Error::ServerFull { .. } | Error::Unreachable { .. }) || self.has_ended()
    }

    fn append(&mut self, events: &[&NewEvent]) -> Result<Vec<Appended>> {
        let now = self.clock.now();
        self.in_transaction(|connection, session| append(connection, session, events, now))
    }

    /// Whoever cannot connect has stored nothing, whatever the reason: a password that was changed heals like a server
    /// that is down, and what comes meanwhile may wait elsewhere.
    fn cannot_connect(&self, error: Error) -> Error {
        let error = match error {
            Error::Refused { detail, remedy, .. } => {
                Error::Unreachable { host: self.host.clone(), detail: format!("{detail}; {remedy}") }
            }
            error => error,
        };
        self.is_away.store(matches!(error, Error::Unreachable { .. }), Ordering::SeqCst);
        error
    }

    fn append_spooled(&mut self, spool: &str, records: &[(i64, NewEvent)]) -> Result<usize> {
        let now = self.clock.now();
        self.in_transaction(|connection, session| {
            // The row is locked first: an earlier attempt, whose answer was lost, may be committing only now.
            let sql = "INSERT INTO spools (name, upto, drained_at) VALUES (?1, 0, clock_timestamp())
                       ON CONFLICT (name) DO UPDATE SET drained_at = excluded.drained_at RETURNING upto";
            let known: i64 = match session.rows(sql, &[&spool])?.first() {
                Some(row) => row.try_get(0).map_err(sql::Error::from)?,
                None => 0,
            };
            let new: Vec<&(i64, NewEvent)> = records.iter().filter(|(number, _)| *number > known).collect();
            if let Some((last, _)) = new.last() {
                append(connection, session, &new.iter().map(|(_, event)| event).collect::<Vec<_>>(), now)?;
                session.run("UPDATE spools SET upto = ?2 WHERE name = ?1", &[&spool, last])?;
            }
            Ok(new.len())
        })
    }

    fn has_ended(&self) -> bool {
        self.connection.as_ref().is_none_or(Connection::has_ended)
    }

    /// The connection, or a new one where that has ended.
    fn connected(&mut self) -> Result<Connection> {
        match self.connection.take() {
            Some(connection) if !connection.has_ended() => Ok(connection),
            _ => (self.open)(),
        }
    }

    fn look_for_it(&mut self) -> Result<()> {
        let connection = self.connected()?;
        let Some(session) = connection.as_postgres() else { return Err(Error::Closed) };
        let answered = session.execute_batch("SELECT 1");
        self.connection = answered.is_ok().then_some(connection);
        self.is_away.store(answered.is_err(), Ordering::SeqCst);
        answered.map_err(|error| Error::Unreachable { host: self.host.clone(), detail: error.to_string() })
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
        if self.is_away.load(Ordering::SeqCst) {
            return Err(away(&self.host));
        }
        let owned = self.connected().map_err(|error| self.cannot_connect(error))?;
        let connection = &owned;
        let Some(session) = connection.as_postgres() else { return Err(Error::Closed) };
        let mut is_committing = false;
        let mut done = catch_unwind(AssertUnwindSafe(|| {
            // It goes out with the first statement, and the last rows go out with the commit.
            session.post("BEGIN", &[])?;
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
            && session.has_ended()
        {
            self.is_away.store(true, Ordering::SeqCst);
            if !is_committing {
                done = Err(Error::Unreachable { host: self.host.clone(), detail: detail.clone() });
            }
        }
        self.connection = Some(owned).filter(|connection| done.is_ok() || !connection.has_ended());
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
/// The partition of each alert within its lane.
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
