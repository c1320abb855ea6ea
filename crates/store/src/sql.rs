//! One way to say SQL to either engine.
//!
//! A [`Connection`] is SQLite's or Postgres'; what is said to it is written once, in what both understand,
//! with the numbered parameters of SQLite. [`dialect`] rewrites the little that differs in spelling, and where
//! the engines differ in more than spelling the caller asks [`Connection::is_postgres`]. [`value`] is what goes
//! in and comes out; [`postgres`] turns that into what a column is.

mod dialect;
mod error;
pub(crate) mod postgres;
mod value;

pub use error::{Error, OptionalExtension, Result};
pub(crate) use postgres::Session;
pub use value::{Cell, FromCell, Params, ToValue, ValueRef};
pub(crate) use value::{Value, params};

use crate::audit::WaitingRow;
use std::cell::RefCell;
use std::ops::Deref;

/// A connection to a store's database, for reading unless it stands inside a [`Transaction`].
pub struct Connection {
    engine: Engine,
}

enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Session>),
}

/// A connection inside a transaction of the writer, with the audit rows that wait for its end.
pub struct Transaction<'c> {
    connection: &'c Connection,
    audit_rows: RefCell<Vec<WaitingRow>>,
}

impl<'c> Transaction<'c> {
    /// Says that the writer has begun a transaction on a connection.
    pub(crate) fn begun_on(connection: &'c Connection) -> Self {
        Self { connection, audit_rows: RefCell::default() }
    }

    /// Keeps an audit row until everything else of the transaction is written.
    pub(crate) fn append_at_end(&self, row: WaitingRow) {
        self.audit_rows.borrow_mut().push(row);
    }

    /// How many audit rows wait.
    pub(crate) fn audit_rows_waiting(&self) -> usize {
        self.audit_rows.borrow().len()
    }

    /// Drops those that a job which failed has added.
    pub(crate) fn forget_audit_rows_after(&self, kept: usize) {
        self.audit_rows.borrow_mut().truncate(kept);
    }

    /// Those that wait, to be written now.
    pub(crate) fn take_audit_rows(&self) -> Vec<WaitingRow> {
        self.audit_rows.take()
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl From<rusqlite::Connection> for Connection {
    fn from(connection: rusqlite::Connection) -> Self {
        Self { engine: Engine::Sqlite(connection) }
    }
}

impl From<Session> for Connection {
    fn from(session: Session) -> Self {
        Self { engine: Engine::Postgres(Box::new(session)) }
    }
}

impl Connection {
    /// Whether this is Postgres; else it is SQLite.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Postgres itself, for what only it can do.
    pub(crate) fn as_postgres(&self) -> Option<&Session> {
        match &self.engine {
            Engine::Postgres(session) => Some(session),
            Engine::Sqlite(_) => None,
        }
    }

    /// SQLite itself, for what only it can do.
    pub(crate) fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.engine {
            Engine::Sqlite(connection) => Some(connection),
            Engine::Postgres(_) => None,
        }
    }

    /// A statement, prepared once for as long as the connection lives.
    pub(crate) fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        Ok(match &self.engine {
            Engine::Sqlite(connection) => Statement::Sqlite(connection.prepare_cached(&dialect::for_sqlite(sql))?),
            Engine::Postgres(session) => Statement::Postgres(session, session.prepare(sql)?),
        })
    }

    /// Runs a statement; answers how many rows it wrote.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs a statement of which nothing is to be known but that it succeeded. Postgres is not waited for: the
    /// statement goes out with the next ones, and whichever of them is waited for fails if this one does.
    pub(crate) fn post(&self, sql: &str, params: impl Params) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(_) => self.execute(sql, params).map(drop),
            Engine::Postgres(session) => params.bind(|values| session.post(sql, values)),
        }
    }

    /// Reads the first row; [`Error::NoRow`] where there is none.
    pub fn query_row<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    /// Runs statements without parameters, written for this engine.
    pub(crate) fn execute_batch(&self, sql: &str) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Engine::Postgres(session) => session.execute_batch(sql),
        }
    }

    /// Runs statements as another program would, for tests and tools.
    pub fn run(&self, sql: &str) -> Result<()> {
        self.execute_batch(sql)
    }

    /// Whether no transaction is open. SQLite may roll one back by itself.
    pub(crate) fn is_autocommit(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(connection) => connection.is_autocommit(),
            Engine::Postgres(session) => session.is_closed(),
        }
    }

    /// Whether the connection is gone for good, as far as can be seen without asking the server.
    pub(crate) fn has_ended(&self) -> bool {
        self.as_postgres().is_some_and(Session::has_ended)
    }
}

/// A prepared statement.
pub(crate) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(&'c Session, tokio_postgres::Statement),
}

impl Statement<'_> {
    /// Runs it; answers how many rows it wrote.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.bind(|values| match self {
            Self::Sqlite(statement) => Ok(statement.execute(rusqlite::params_from_iter(values))?),
            Self::Postgres(session, statement) => session.execute(statement, values),
        })
    }

    /// Reads the first row; [`Error::NoRow`] where there is none.
    pub(crate) fn query_row<T>(&mut self, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        params.bind(|values| match self {
            Self::Sqlite(statement) => {
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                let row = rows.next()?.ok_or(Error::NoRow)?;
                read(&Row::Sqlite(row))
            }
            Self::Postgres(session, statement) => {
                let rows = session.query(statement, values)?;
                read(&Row::Postgres(rows.first().ok_or(Error::NoRow)?))
            }
        })
    }

    /// Reads every row. Whoever asks bounds how many there are.
    pub(crate) fn query_map<T>(
        &mut self,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<std::vec::IntoIter<Result<T>>> {
        let mut found = Vec::new();
        self.for_each(params, |row| {
            found.push(read(row));
            Ok(())
        })?;
        Ok(found.into_iter())
    }

    /// Looks at every row.
    pub(crate) fn for_each(
        &mut self,
        params: impl Params,
        mut visit: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        params.bind(|values| match self {
            Self::Sqlite(statement) => {
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                while let Some(row) = rows.next()? {
                    visit(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(session, statement) => {
                session.query(statement, values)?.iter().try_for_each(|row| visit(&Row::Postgres(row)))
            }
        })
    }
}

/// A row that was read.
pub enum Row<'r> {
    /// SQLite's.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Postgres'.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of a column, counted from 0.
    pub fn get<T: FromCell>(&self, column: usize) -> Result<T> {
        let cell = self.cell(column)?;
        T::from_cell(cell).ok_or(Error::Kind(column))
    }

    /// A text, a time or JSON without copying it where that can be; `None` for NULL and anything else.
    pub(crate) fn text(&self, column: usize) -> Result<Option<std::borrow::Cow<'_, str>>> {
        Ok(match self.cell(column)? {
            Cell::Text(text) => Some(text),
            _ => None,
        })
    }

    fn cell(&self, column: usize) -> Result<Cell<'_>> {
        match self {
            Self::Sqlite(row) => Ok(match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => Cell::Null,
                rusqlite::types::ValueRef::Integer(number) => Cell::Integer(number),
                rusqlite::types::ValueRef::Real(number) => Cell::Real(number),
                rusqlite::types::ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text)),
                rusqlite::types::ValueRef::Blob(bytes) => Cell::Blob(bytes.into()),
            }),
            Self::Postgres(row) => postgres::cell(row, column),
        }
    }
}

impl rusqlite::ToSql for ValueRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef as Theirs};
        Ok(ToSqlOutput::Borrowed(match *self {
            ValueRef::Null => Theirs::Null,
            ValueRef::Integer(number) => Theirs::Integer(number),
            ValueRef::Real(number) => Theirs::Real(number),
            ValueRef::Text(text) => Theirs::Text(text.as_bytes()),
            ValueRef::Blob(bytes) => Theirs::Blob(bytes),
        }))
    }
}
