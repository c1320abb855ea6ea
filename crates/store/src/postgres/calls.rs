//! How processes that share a database wake each other: LISTEN and NOTIFY, on a connection that does nothing else.
//!
//! A NOTIFY takes a lock of the whole server at its commit, one after the other. So no transaction that stores anything
//! carries one: whoever has committed calls afterwards, from here, where the commit also waits for no disk. A call that
//! is lost costs its hearer the time until it looks by itself.

use super::Address;
use crate::sql::postgres::explain;
use crate::{Error, Result, Store};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client};

/// The channel. Every database has its own.
const CHANNEL: &str = "foghorn_work";

/// How long a call may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Events wait for triage.
    Events,
    /// Somebody waits to be told, or a message to be edited.
    Tellings,
}

impl Call {
    fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Tellings => "tellings",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Events, Self::Tellings].into_iter().find(|call| call.word() == word)
    }
}

/// A connection that calls and hears.
pub struct Caller {
    client: Client,
    connection: JoinHandle<()>,
    host: String,
}

impl Address {
    /// Opens one. `hear` is told of every call of another process, for as long as the connection lasts.
    pub async fn caller(&self, hear: impl Fn(Call) + Send + 'static) -> Result<Caller> {
        let (client, mut connection) = self.connection().await?;
        let own = Arc::new(AtomicI32::new(0));
        let own_here = Arc::clone(&own);
        let connection = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(said) = message
                    && said.process_id() != own_here.load(Ordering::Relaxed)
                    && let Some(call) = Call::parse(said.payload())
                {
                    hear(call);
                }
            }
        });
        let caller = Caller { client, connection, host: self.shown().to_owned() };
        let row = caller.in_time(caller.client.query_one("SELECT pg_backend_pid()", &[])).await?;
        own.store(row.get(0), Ordering::Relaxed);
        caller.batch(&format!("SET synchronous_commit = off; LISTEN {CHANNEL}")).await?;
        Ok(caller)
    }
}

impl Caller {
    /// Calls all other processes.
    pub async fn call(&self, call: Call) -> Result<()> {
        self.batch(&format!("NOTIFY {CHANNEL}, '{}'", call.word())).await
    }

    /// Asks whether the server still answers.
    pub async fn look_after(&self) -> Result<()> {
        self.batch("SELECT 1").await
    }

    /// Waits until the connection has ended.
    pub async fn ended(&mut self) -> Error {
        let _ = (&mut self.connection).await;
        self.away("the connection was closed".to_owned())
    }

    async fn batch(&self, sql: &str) -> Result<()> {
        self.in_time(self.client.batch_execute(sql)).await
    }

    async fn in_time<T>(
        &self,
        asked: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        match tokio::time::timeout(ANSWER_WITHIN, asked).await {
            Ok(answered) => answered.map_err(|error| self.away(explain(&error))),
            Err(_) => Err(self.away("no answer within 5 s".to_owned())),
        }
    }

    fn away(&self, detail: String) -> Error {
        Error::Unreachable { host: self.host.clone(), detail }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // One whose other end says nothing would wait for it.
        self.connection.abort();
    }
}

impl Store {
    /// Opens a connection to call and to hear other processes by; `None` where there can be none.
    pub async fn caller(&self, hear: impl Fn(Call) + Send + 'static) -> Result<Option<Caller>> {
        match self.address() {
            Some(address) => address.caller(hear).await.map(Some),
            None => Ok(None),
        }
    }
}
