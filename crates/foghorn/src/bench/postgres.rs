//! A database of a measurement's own on a Postgres server, and what that server alone does: the same events in a table
//! with the columns every installation has and nothing else, written by as many clients as `pgbench` would have, and by
//! `COPY`; and `COPY` once more into a table with the columns and indexes of our event log.

use super::limits::{Limits, sample};
use anyhow::{Context, ensure};
use foghorn_store::Store;
use foghorn_store::postgres::{Address, Patience};
use futures_util::SinkExt;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_postgres::{Client, Config, NoTls};

/// Clients that insert single rows.
const CLIENTS: u32 = 32;

/// Rows that `COPY` gets at once.
const CHUNK: usize = 1_000;

/// How long a server may take to come back after a crash.
const RECOVERY: Duration = Duration::from_secs(120);

/// Runs a measurement, on a database of its own where it is given a server, which is dropped afterwards even if somebody
/// interrupts.
pub(super) async fn with_scratch<T>(
    address: Option<&str>,
    measure: impl AsyncFnOnce(Option<&Scratch>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(address) = address else { return measure(None).await };
    let scratch = Scratch::create(address).await?;
    let measured = tokio::select! {
        measured = measure(Some(&scratch)) => measured,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    scratch.drop().await?;
    measured
}

/// A database that is made for a measurement and dropped afterwards.
pub(super) struct Scratch {
    server: Config,
    name: String,
    /// Its address, as `DATABASE_URL` takes it.
    pub(super) url: String,
}

impl Scratch {
    /// Makes it on the server of an address.
    pub(super) async fn create(address: &str) -> anyhow::Result<Self> {
        let server: Config = address.parse().context("--database is not an address of Postgres")?;
        let name = format!("foghorn_bench_{}", std::process::id());
        let client = connect(&server).await?;
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.context("cannot make a database")?;
        let (front, query) = address.split_once('?').map_or((address, None), |(front, query)| (front, Some(query)));
        let start = front.find("://").map_or(0, |found| found + 3);
        let end = front[start..].find('/').map_or(front.len(), |found| start + found);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}/{name}{query}", &front[..end]);
        Ok(Self { server, name, url })
    }

    async fn connect(&self) -> anyhow::Result<Client> {
        connect(self.server.clone().dbname(&self.name)).await
    }

    /// Runs statements in it.
    pub(super) async fn run(&self, sql: &str) -> anyhow::Result<()> {
        Ok(self.connect().await?.batch_execute(sql).await?)
    }

    /// Measures each for so long.
    pub(super) async fn limits(&self, each: Duration) -> anyhow::Result<Limits> {
        let client = self.connect().await?;
        client
            .batch_execute(
                "CREATE TABLE limit_rows (id bigserial PRIMARY KEY, source text NOT NULL, type text NOT NULL,
                 payload text NOT NULL, metadata jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now())",
            )
            .await?;
        let limits = Limits {
            engine: "Postgres",
            one: self.inserted(1, each).await?,
            single: self.inserted(CLIENTS, each).await?,
            batches: copied(&client, "limit_rows (source, type, payload, metadata)", each, |row, _| row).await?,
            log: Some(Self::copied_into_log(&client, each).await?),
        };
        client.batch_execute("DROP TABLE limit_rows, limit_log; CHECKPOINT").await?;
        Ok(limits)
    }

    async fn copied_into_log(client: &Client, each: Duration) -> anyhow::Result<f64> {
        client.batch_execute("CREATE TABLE limit_log (LIKE raw_events INCLUDING ALL)").await?;
        let columns = "limit_log (source, type, payload, metadata, created_at, severity, origin, service, environment,
                                  partition, place)";
        copied(client, columns, each, |row, number| {
            let (partition, service) = (number % 32, number % 40);
            format!("{row}\t2026-01-01 00:00:00Z\tinfo\tevents\tservice-{service}\tproduction\t{partition}\t{number}")
        })
        .await
    }

    /// Rows a second, each in a transaction of its own.
    async fn inserted(&self, clients: u32, each: Duration) -> anyhow::Result<f64> {
        let events = Arc::new(sample()?);
        let (rows, mut running) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        let mut connected = Vec::new();
        for _ in 0..clients {
            connected.push(self.connect().await?);
        }
        let started = Instant::now();
        for (first, client) in connected.into_iter().enumerate() {
            let (events, rows) = (Arc::clone(&events), Arc::clone(&rows));
            running.spawn(async move {
                let insert = client
                    .prepare(
                        "INSERT INTO limit_rows (source, type, payload, metadata) VALUES ($1, $2, $3, $4::text::jsonb)",
                    )
                    .await?;
                for (event, metadata) in events.iter().cycle().skip(first * 31) {
                    if started.elapsed() >= each {
                        break;
                    }
                    client.execute(&insert, &[&event.source, &event.event_type, &event.payload, metadata]).await?;
                    rows.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, tokio_postgres::Error>(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(rows.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
    }

    /// Kills a process of the server, so that all of them end at once and the database recovers from its log: what
    /// was answered must be there afterwards. Only on this machine.
    #[cfg(unix)]
    pub(super) async fn crash(&self) -> anyhow::Result<()> {
        use rustix::process::{Pid, Signal, kill_process};
        let client = self.connect().await?;
        let id: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        ensure!(name.starts_with("postgres"), "the server does not run on this machine, so that it cannot be crashed");
        let id = Pid::from_raw(id).context("a process has a number")?;
        kill_process(id, Signal::KILL).context("cannot crash the server: run as its user or as root")?;
        let crashed = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            match self.connect().await {
                Ok(client) if client.simple_query("SELECT 1").await.is_ok() => return Ok(()),
                _ => ensure!(crashed.elapsed() < RECOVERY, "the server has not recovered within {RECOVERY:?}"),
            }
        }
    }

    /// Elsewhere a process is not killed by its number.
    #[cfg(not(unix))]
    pub(super) async fn crash(&self) -> anyhow::Result<()> {
        anyhow::bail!("a server can be crashed on Unix only")
    }

    /// How many events are stored.
    pub(super) async fn stored(&self) -> anyhow::Result<u64> {
        let address = Address::parse(&self.url, Patience { statement: RECOVERY, ..Patience::default() })?;
        let counted = tokio::task::spawn_blocking(move || {
            let database = Store::read_only(Path::new("."), Some(&address))?;
            Ok::<u64, anyhow::Error>(database.query_row("SELECT count(*) FROM raw_events", [], |row| row.get(0))?)
        });
        counted.await?
    }

    /// Removes it.
    pub(super) async fn drop(self) -> anyhow::Result<()> {
        let client = connect(&self.server).await?;
        client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}

async fn connect(config: &Config) -> anyhow::Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("cannot reach the server of --database")?;
    // Ends with the client; what goes wrong is seen there.
    tokio::spawn(connection);
    Ok(client)
}

/// Rows a second by `COPY`, in as few transactions as there are seconds. `complete` adds the columns that come after
/// source, type, payload and metadata; it gets the number of the row too.
async fn copied(
    client: &Client,
    columns: &str,
    each: Duration,
    complete: impl Fn(String, usize) -> String,
) -> anyhow::Result<f64> {
    let mut text = String::new();
    for (number, (event, metadata)) in sample()?.iter().take(CHUNK).enumerate() {
        let cells = [&event.source, &event.event_type, &event.payload, metadata];
        let row = cells.map(|cell| cell.replace('\\', "\\\\")).join("\t");
        text.push_str(&complete(row, number));
        text.push('\n');
    }
    let (chunk, mut rows): (Arc<[u8]>, u64) = (text.into_bytes().into(), 0);
    let started = Instant::now();
    while started.elapsed() < each {
        let sink = client.copy_in(&format!("COPY {columns} FROM STDIN")).await?;
        let mut sink = std::pin::pin!(sink);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(1) && started.elapsed() < each {
            sink.send(Cursor::new(Arc::clone(&chunk))).await?;
        }
        rows += sink.finish().await?;
    }
    Ok(rows as f64 / started.elapsed().as_secs_f64())
}
