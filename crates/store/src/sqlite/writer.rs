//! Group commit: one thread owns the writing connection, takes every job that is waiting, runs each in a
//! savepoint of one transaction, commits once, and only then answers. While a commit waits for the disk
//! the next jobs gather, so the number of commits falls as load rises.

use super::room::Room;
use crate::{Error, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Jobs in one transaction at most; beyond it the readers' view grows stale.
const MAX_JOBS: usize = 512;

/// Jobs waiting at most; whoever comes later waits for room.
const QUEUE: usize = 4096;

/// Answers a caller, given what became of the commit.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;
type Job = Box<dyn FnOnce(Result<&Transaction<'_>>) -> Answer + Send>;

pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    room: Arc<Room>,
}

impl Writer {
    pub(super) fn start(connection: Connection, room: Room) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let room = Arc::new(room);
        let of_thread = Arc::clone(&room);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_until_closed(connection, receiver, &of_thread))
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
        let job: Job = Box::new(move |transaction| {
            let result = transaction.and_then(|transaction| in_savepoint(transaction, work));
            room.after_job(&result);
            Box::new(move |committed: Result<()>| {
                // A caller that has gone away needs no answer.
                let _ = answer.send(committed.and(result));
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

fn in_savepoint<T>(transaction: &Transaction<'_>, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
    transaction.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = catch_unwind(AssertUnwindSafe(|| work(transaction)))
        .unwrap_or_else(|_| Err(Error::Database { doing: "writing", detail: "the write panicked".to_owned() }));
    if result.is_err() {
        // Without room SQLite may have rolled everything back by itself, the savepoint too.
        if transaction.is_autocommit() {
            return result;
        }
        transaction.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    transaction.prepare_cached("RELEASE job")?.execute([])?;
    result
}

fn write_until_closed(mut connection: Connection, mut jobs: mpsc::Receiver<Job>, room: &Room) {
    while let Some(first) = jobs.blocking_recv() {
        let mut answers = Vec::new();
        let changes = connection.total_changes();
        let committed = commit_together(&mut connection, first, &mut jobs, &mut answers);
        let verdict = room.after_batch(committed.map_err(Error::from), connection.total_changes() > changes);
        for answer in answers {
            answer(verdict.clone());
        }
    }
    // Fold the log into the file, so that a copy of the file alone is whole.
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
}

fn commit_together(
    connection: &mut Connection,
    first: Job,
    jobs: &mut mpsc::Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<()> {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            answers.push(first(Err(error.into())));
            return Ok(());
        }
    };
    answers.push(first(Ok(&transaction)));
    // A full disk makes SQLite roll back the whole transaction by itself; no further job may then run
    // outside of one. The commit below fails, and every job of the batch is told so.
    while answers.len() < MAX_JOBS && !transaction.is_autocommit() {
        let Ok(job) = jobs.try_recv() else { break };
        answers.push(job(Ok(&transaction)));
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE lines (text TEXT); PRAGMA max_page_count = 10").unwrap();
        Writer::start(connection, Room::new(".".into()))
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
