//! Group commit: one thread owns a writing connection, takes every job that is waiting, runs each in a savepoint
//! of one transaction, commits once, and only then answers. While a commit waits for the disk the next jobs
//! gather, so the number of commits falls as load rises.
//!
//! SQLite has one such thread for everything. On Postgres each [`Lane`] has its own, and the lanes of all processes
//! keep out of each other's way by advisory locks that end with the transaction.

use super::audit;
use super::room::Room;
use crate::sql::{self, Connection, Transaction};
use crate::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Jobs waiting at most; whoever comes later waits for room.
const QUEUE: usize = 4096;

/// What a write is about. On SQLite there is one lane for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Whatever changes the state of incidents, messages, memory: one transaction at a time in all processes, so
    /// that what is read in it stays true until it is committed, as with SQLite's one writer.
    Work,
    /// A batch of triage. Batches of different processes concern different partitions and run side by side; none
    /// runs beside a transaction of [`Lane::Work`].
    Triage,
}

impl Lane {
    /// Jobs in one transaction at most; beyond it the readers' view grows stale.
    fn most_jobs(self, is_postgres: bool) -> usize {
        match (self, is_postgres) {
            // Every savepoint is a transaction of its own to Postgres, which keeps 64 of them at hand.
            (_, true) => 50,
            (_, false) => 512,
        }
    }

    fn begin(self, is_postgres: bool) -> &'static str {
        // 1179600712 is `FOGH`; 1 stands for the state of incidents.
        match (self, is_postgres) {
            (_, false) => "BEGIN IMMEDIATE",
            (Self::Work, true) => "BEGIN; SELECT pg_advisory_xact_lock(1179600712, 1)",
            (Self::Triage, true) => "BEGIN; SELECT pg_advisory_xact_lock_shared(1179600712, 1)",
        }
    }
}

/// Opens a connection for writing, again where the last one has ended.
pub(crate) type Open = Box<dyn Fn() -> Result<Connection> + Send>;

/// Answers a caller, given what became of the commit.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// A job in a transaction, with whether it is the only one there, or in none, with the reason.
type Job = Box<dyn FnOnce(Result<(&Transaction<'_>, bool)>) -> Answer + Send>;

pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    room: Arc<Room>,
}

impl Writer {
    pub(crate) fn start(lane: Lane, connection: Connection, open: Open, room: Arc<Room>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let of_thread = Arc::clone(&room);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_until_closed(lane, connection, &open, receiver, &of_thread))
            .ok();
        Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(thread), room }
    }

    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let sender = lock(&self.jobs).clone().ok_or(Error::Closed)?;
        let (answer, answered) = oneshot::channel();
        let room = Arc::clone(&self.room);
        let job: Job = Box::new(move |place| {
            let result = place.and_then(|(transaction, is_alone)| in_savepoint(transaction, is_alone, work));
            let result = room.after_job(result);
            Box::new(move |committed: Result<()>| {
                // A caller that has gone away needs no answer.
                let _ = answer.send(result.and_then(|result| committed.map(|()| result)));
            })
        });
        sender.send(job).await.map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Whether a write found no room on the disk, and none has found any since.
    pub(crate) fn is_out_of_room(&self) -> bool {
        self.room.is_out()
    }

    pub(crate) async fn close(&self) {
        drop(lock(&self.jobs).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn in_savepoint<T>(
    transaction: &Transaction<'_>,
    is_alone: bool,
    work: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    let protected = || {
        catch_unwind(AssertUnwindSafe(|| work(transaction)))
            .unwrap_or_else(|_| Err(Error::Database { doing: "writing", detail: "the write panicked".to_owned() }))
    };
    // A transaction of one job is rolled back with it.
    if is_alone {
        return protected();
    }
    let audited = transaction.audit_rows_waiting();
    transaction.prepare_cached("SAVEPOINT job")?.execute([])?;
    let mut result = protected();
    if result.is_ok() {
        // An error of Postgres that the job passed over shows itself here: the savepoint cannot be kept.
        result = match transaction.prepare_cached("RELEASE job")?.execute([]) {
            Ok(_) => return result,
            Err(error) => Err(error.into()),
        };
    }
    transaction.forget_audit_rows_after(audited);
    // Without room SQLite may have rolled everything back by itself, the savepoint too.
    if !transaction.is_autocommit() {
        transaction.execute_batch("ROLLBACK TO job; RELEASE job")?;
    }
    result
}

fn write_until_closed(lane: Lane, mut connection: Connection, open: &Open, mut jobs: mpsc::Receiver<Job>, room: &Room) {
    while let Some(first) = jobs.blocking_recv() {
        let mut answers = Vec::new();
        if connection.has_ended() {
            match open() {
                Ok(new) => connection = new,
                Err(error) => {
                    first(Err(error))(Ok(()));
                    continue;
                }
            }
        }
        let changes = changes(&connection);
        let committed = commit_together(lane, &connection, first, &mut jobs, &mut answers);
        let has_written = changes.is_none_or(|before| before < self::changes(&connection).unwrap_or(before));
        let verdict = room.after_batch(committed, has_written);
        for answer in answers {
            answer(verdict.clone());
        }
    }
    if let Some(sqlite) = connection.as_sqlite() {
        // Fold the log into the file, so that a copy of the file alone is whole.
        let _ = sqlite.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
    }
}

fn changes(connection: &Connection) -> Option<u64> {
    connection.as_sqlite().map(rusqlite::Connection::total_changes)
}

fn commit_together(
    lane: Lane,
    connection: &Connection,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<()> {
    let is_postgres = connection.is_postgres();
    if let Err(error) = connection.execute_batch(lane.begin(is_postgres)) {
        answers.push(first(Err(error.into())));
        roll_back(connection);
        return Ok(());
    }
    let transaction = Transaction::begun_on(connection);
    let mut batch = vec![first];
    if is_postgres {
        // Whether there are others decides whether a savepoint is needed, so they are taken first.
        gather(&mut batch, jobs, lane.most_jobs(true));
    }
    let is_alone = is_postgres && batch.len() == 1;
    for job in batch {
        answers.push(job(Ok((&transaction, is_alone))));
    }
    // A full disk makes SQLite roll back the whole transaction by itself; no further job may then run
    // outside of one. The commit below fails, and every job of the batch is told so.
    while !is_postgres && answers.len() < lane.most_jobs(false) && !transaction.is_autocommit() {
        let Ok(job) = jobs.try_recv() else { break };
        answers.push(job(Ok((&transaction, false))));
    }
    let written = audit::append_waiting(&transaction).and_then(|()| Ok(commit(connection)?));
    if written.is_err() {
        roll_back(connection);
    }
    written
}

fn gather(batch: &mut Vec<Job>, jobs: &mut mpsc::Receiver<Job>, most: usize) {
    while batch.len() < most
        && let Ok(job) = jobs.try_recv()
    {
        batch.push(job);
    }
}

fn commit(connection: &Connection) -> sql::Result<()> {
    // Postgres answers the COMMIT of a failed transaction with a quiet ROLLBACK; a statement before it does not
    // get through there.
    connection.execute_batch(if connection.is_postgres() { "SELECT 1; COMMIT" } else { "COMMIT" })
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE lines (text TEXT); PRAGMA max_page_count = 10").unwrap();
        let open: Open = Box::new(|| Err(Error::Closed));
        Writer::start(Lane::Work, connection.into(), open, Arc::new(Room::new(".".into())))
    }

    async fn add(writer: &Writer, bytes: usize) -> Result<usize> {
        writer.run(move |tx| Ok(tx.execute("INSERT INTO lines VALUES (zeroblob(?1))", [bytes])?)).await
    }

    #[tokio::test]
    async fn a_write_without_room_says_so_until_one_finds_room() {
        let writer = writer();
        assert!(add(&writer, 100).await.is_ok() && !writer.is_out_of_room());
        assert!(matches!(add(&writer, 1_000_000).await, Err(Error::Full)) && writer.is_out_of_room());
        // A transaction that changes nothing needs no room and proves none.
        writer.run(|tx| Ok(tx.execute("DELETE FROM lines WHERE text = 'x'", [])?)).await.unwrap();
        assert!(writer.is_out_of_room());
        assert!(add(&writer, 100).await.is_ok() && !writer.is_out_of_room());
        let lines: i64 =
            writer.run(|tx| Ok(tx.query_row("SELECT count(*) FROM lines", [], |row| row.get(0))?)).await.unwrap();
        assert_eq!(lines, 2);
    }
}
