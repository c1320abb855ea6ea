//! A server of our own: this program, as `foghorn serve` would start it, on a free port.

use crate::client::Server;
use anyhow::Context;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child as Process, ChildStdout, Command};

/// How long a server may take to start, to triage what is left, and to stop.
const PATIENCE: Duration = Duration::from_secs(300);

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) now: u64,
    pub(super) peak: u64,
}

/// A running server.
pub(super) struct Child {
    process: Process,
    address: SocketAddr,
    server: Server,
}

impl Child {
    /// Starts it with an empty data directory and the defaults.
    pub(super) async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        Self::start_with(data_dir, &[]).await
    }

    /// The same with this in its environment.
    pub(super) async fn start_with(data_dir: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen=127.0.0.1:0", "--log-level=warn"])
            .arg(format!("--data-dir={}", data_dir.display()))
            // The operator's own configuration would measure something else.
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a server")?;
        let mut output = BufReader::new(process.stdout.take().context("the server has no output")?).lines();
        let address =
            tokio::time::timeout(PATIENCE, address(&mut output)).await.context("the server did not start")??;
        // It prints every telling; a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        let server = Server::at(&format!("http://{address}"), None)?;
        Ok(Self { process, address, server })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its own counts.
    pub(super) async fn status(&self) -> anyhow::Result<Value> {
        Ok(self.server.get("/status", &[]).await?)
    }

    /// Waits until triage has been past every event.
    pub(super) async fn wait_until_triaged(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while self.status().await?["events_untriaged"].as_u64() != Some(0) {
            anyhow::ensure!(started.elapsed() < PATIENCE, "triage has not caught up within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The memory it holds and the most it ever held, in bytes; `None` where the system does not say (Linux
    /// does).
    pub(super) fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()?)).ok()?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
            Some(kibibytes * 1024)
        };
        Some(Memory { now: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
    }

    /// Lets it finish.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        #[cfg(unix)]
        if let Some(id) = self.process.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        #[cfg(not(unix))]
        self.process.start_kill()?;
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.context("the server did not stop")??;
        anyhow::ensure!(cfg!(not(unix)) || status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// The address in the line that tells people to open it.
async fn address(output: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<SocketAddr> {
    while let Some(line) = output.next_line().await? {
        if let Some(address) = line.strip_prefix("open http://") {
            return Ok(address.trim().parse()?);
        }
    }
    anyhow::bail!("the server ended before it listened; its log is above")
}
