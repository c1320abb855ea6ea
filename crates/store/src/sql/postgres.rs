//! A session with Postgres, spoken to from threads that may block.
//!
//! Each session drives its connection on a small runtime of its own, on the thread that waits for the answer,
//! so that a statement costs one round trip and no change of thread. A server that does not answer in time is not
//! asked again on the same session: what it may still do with the statement nobody knows. [`cells`] turns our five kinds of value
//! into what the server says a column is, and back; [`connect`] reads the address and says what is wrong with it.

pub(crate) mod cells;
pub(crate) mod connect;

pub(crate) use cells::{Bound, cell};

use super::dialect;
use super::value::{Cell, ValueRef};
use futures_util::future::{join_all, join3};
use std::cell::{Cell as Flag, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row, Statement};

/// The end of a `COPY`, which has not been asked for yet.
type Ending = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;

/// Statements kept ready on one session. Beyond it all are dropped and prepared anew as they come.
const PREPARED: usize = 512;

/// Statements sent together at most.
const POSTED: usize = 256;

/// One session.
pub(crate) struct Session {
    client: Client,
    statements: RefCell<HashMap<String, Statement>>,
    /// Taken out when the session is dropped: an ordinary drop would wait, which a thread of tokio must not.
    runtime: Option<Runtime>,
    /// Statements that go out together; see [`Session::post`].
    posted: RefCell<Vec<(Statement, Vec<Cell<'static>>)>>,
    /// The rows of a `COPY` whose end goes out with the next statement.
    copied: RefCell<Option<Ending>>,
    /// How long the server may leave us without an answer.
    answers_within: Option<Duration>,
    /// It did, once.
    is_silent: Flag<bool>,
}

impl Session {
    pub(super) fn new(client: Client, runtime: Runtime, answers_within: Option<Duration>) -> Self {
        Self {
            client,
            statements: RefCell::default(),
            runtime: Some(runtime),
            posted: RefCell::default(),
            copied: RefCell::default(),
            answers_within,
            is_silent: Flag::new(false),
        }
    }

    /// Whether the server or the network has ended it, or the server has fallen silent.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_silent.get() || self.client.is_closed()
    }

    /// The same, after a look at what the network has brought since the last statement.
    pub(crate) fn has_ended(&self) -> bool {
        if let Some(runtime) = &self.runtime {
            // Once for the network to be asked, once for the connection to read what it brought.
            runtime.block_on(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
        self.is_closed()
    }

    /// Sends what was kept and what is asked now, all at once, and waits for the answers; the first error counts.
    pub(crate) fn wait<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> super::Result<T> {
        let (copied, posted) = (self.copied.take(), self.posted.take());
        if copied.is_none() && posted.is_empty() {
            return Ok(self.block_on(asked)??);
        }
        let copied = async {
            match copied {
                Some(ending) => ending.await.map(drop),
                None => Ok(()),
            }
        };
        let posted = posted.iter().map(|(statement, values)| async move {
            let bound: Vec<Bound<'_>> = values.iter().map(|value| Bound(value.as_ref())).collect();
            self.client.execute(statement, &erased(&bound)).await
        });
        // Each is written to the connection when it is first looked at, which is in this order.
        let (copied, posted, answered) = self.block_on(join3(copied, join_all(posted), asked))?;
        copied?;
        posted.into_iter().try_for_each(|one| one.map(drop))?;
        Ok(answered?)
    }

    fn block_on<T>(&self, asked: impl Future<Output = T>) -> super::Result<T> {
        // There is a runtime until the session is dropped.
        let Some(runtime) = &self.runtime else { return Err(super::Error::NoRow) };
        let Some(limit) = self.answers_within else { return Ok(runtime.block_on(asked)) };
        if self.is_silent.get() {
            return Err(super::Error::Silent(limit));
        }
        runtime.block_on(async { tokio::time::timeout(limit, asked).await }).map_err(|_| {
            self.is_silent.set(true);
            super::Error::Silent(limit)
        })
    }

    /// A statement in the spelling of SQLite, prepared once.
    pub(crate) fn prepare(&self, sql: &str) -> super::Result<Statement> {
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let spelled = dialect::for_postgres(sql);
        let statement = self.wait(self.client.prepare(&spelled))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= PREPARED {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Keeps a statement to be sent with others, before the next one that is waited for.
    pub(crate) fn post(&self, sql: &str, values: &[ValueRef<'_>]) -> super::Result<()> {
        let known = self.statements.borrow().get(sql).cloned();
        let statement = match known {
            Some(statement) => statement,
            None => self.prepare(sql)?,
        };
        let kept = values.iter().map(|value| Cell::from(*value)).collect();
        self.posted.borrow_mut().push((statement, kept));
        if self.posted.borrow().len() >= POSTED { self.send_posted() } else { Ok(()) }
    }

    /// Sends what was kept, all at once, and waits for the answers.
    pub(crate) fn send_posted(&self) -> super::Result<()> {
        if self.posted.borrow().is_empty() {
            return Ok(());
        }
        self.wait(async { Ok(()) })
    }

    pub(super) fn execute(&self, statement: &Statement, values: &[ValueRef<'_>]) -> super::Result<usize> {
        let bound: Vec<Bound<'_>> = values.iter().map(|value| Bound(*value)).collect();
        let written = self.wait(self.client.execute(statement, &erased(&bound)))?;
        Ok(usize::try_from(written).unwrap_or(usize::MAX))
    }

    pub(super) fn query(&self, statement: &Statement, values: &[ValueRef<'_>]) -> super::Result<Vec<Row>> {
        let bound: Vec<Bound<'_>> = values.iter().map(|value| Bound(*value)).collect();
        self.wait(self.client.query(statement, &erased(&bound)))
    }

    /// A statement with parameters of Postgres' own kinds, such as arrays.
    pub(crate) fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> super::Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        self.wait(self.client.query(&statement, values))
    }

    /// The same for what only writes.
    pub(crate) fn run(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> super::Result<usize> {
        let statement = self.prepare(sql)?;
        let written = self.wait(self.client.execute(&statement, values))?;
        Ok(usize::try_from(written).unwrap_or(usize::MAX))
    }

    /// Rows for a `COPY … FROM STDIN (FORMAT binary)`, whose columns are of these types. What the server says of them comes
    /// with the answer to the next statement.
    pub(crate) fn copy<'r, const COLUMNS: usize>(
        &self,
        sql: &str,
        types: &[Type; COLUMNS],
        rows: impl Iterator<Item = [Bound<'r>; COLUMNS]>,
    ) -> super::Result<()> {
        let statement = self.prepare(sql)?;
        let ending: Ending = self.wait(async {
            let mut writer = Box::pin(BinaryCopyInWriter::new(self.client.copy_in(&statement).await?, types));
            for row in rows {
                writer.as_mut().write_raw(row).await?;
            }
            Ok(Box::pin(async move { writer.as_mut().finish().await }) as Ending)
        })?;
        *self.copied.borrow_mut() = Some(ending);
        Ok(())
    }

    pub(crate) fn execute_batch(&self, sql: &str) -> super::Result<()> {
        self.wait(self.client.batch_execute(sql))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn erased<'a>(bound: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// What went wrong, in the server's words where it has any. They quote names, never the password.
pub(crate) fn explain(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        return format!("{}{detail} [{}]", said.message(), said.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(because) = cause {
        text = format!("{text}: {because}");
        cause = because.source();
    }
    text
}
