//! The servers under Foghorn, real ones: Postgres with fsync on, Redis without any file.

use anyhow::{Context, ensure};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::process::Child;
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

/// How long a server may take to answer after it was started.
const PATIENCE: Duration = Duration::from_secs(60);

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

async fn until(what: &str, answers: impl Fn() -> bool) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while !answers() {
        ensure!(Instant::now() < give_up, "{what} does not answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A Postgres of our own.
pub(crate) struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    log: PathBuf,
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Postgres {
    /// Makes one in a directory, with a database `foghorn`.
    pub(crate) async fn start(directory: &Path) -> anyhow::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
        ensure!(Command::new(&script).arg("install").status()?.success(), "Postgres could not be fetched");
        let said = Command::new(&script).arg("where").output()?;
        let programs = PathBuf::from(String::from_utf8(said.stdout)?.trim());
        std::fs::create_dir_all(directory)?;
        let (data, log) = (directory.join("data"), directory.join("log"));
        if is_root()? {
            // Postgres refuses to run as root, and nobody must get through the directories above its own.
            let above = directory.parent().context("a directory without a parent")?;
            ensure!(succeeds(Command::new("chmod").arg("711").arg(above)), "chmod failed");
            ensure!(succeeds(Command::new("chown").arg("nobody").arg(directory)), "chown failed");
        }
        let made = as_nobody(&programs.join("initdb"))?
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .output()?;
        ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port()?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nmax_connections = 300\n\
             fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n"
        );
        let mut file = data.join("postgresql.conf").into_os_string();
        let conf = std::fs::read_to_string(&file)? + &settings;
        std::fs::write(std::mem::take(&mut file), conf)?;
        let postgres = Self { programs, data, log, port, child: Mutex::default() };
        postgres.start_again().await?;
        let mut make = Command::new(postgres.programs.join("psql"));
        make.args(["--quiet", "--host=127.0.0.1", "--username=postgres", "--dbname=postgres"]);
        make.arg(format!("--port={port}")).args(["--command", "CREATE DATABASE foghorn"]);
        ensure!(succeeds(&mut make), "the database could not be made");
        Ok(postgres)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A connection of the checker's own.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        let address = format!("host=127.0.0.1 port={} user=postgres dbname=foghorn", self.port);
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Ends it as `pg_ctl stop --mode immediate` does: without a checkpoint, so that it recovers at its next start.
    pub(crate) async fn stop_at_once(&self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.lock().await.take() else { return Ok(()) };
        let pid = child.id().context("Postgres has ended by itself; see its log")?;
        ensure!(succeeds(Command::new("kill").arg("-QUIT").arg(pid.to_string())), "Postgres could not be stopped");
        child.wait().await?;
        Ok(())
    }

    /// Has every process of it stand still: connections stay, and nobody answers.
    pub(crate) async fn freeze(&self) -> anyhow::Result<()> {
        // The first makes no more while the others are looked for.
        let Some(first) = self.pid().await else { return Ok(()) };
        signal("STOP", &[first])?;
        signal("STOP", &children_of(first))
    }

    /// Lets it go on after [`Self::freeze`].
    pub(crate) async fn thaw(&self) -> anyhow::Result<()> {
        let Some(first) = self.pid().await else { return Ok(()) };
        signal("CONT", &children_of(first))?;
        signal("CONT", &[first])
    }

    async fn pid(&self) -> Option<u32> {
        self.child.lock().await.as_ref()?.id()
    }

    /// Starts it unless it runs.
    pub(crate) async fn start_again(&self) -> anyhow::Result<()> {
        let mut running = self.child.lock().await;
        if running.is_some() {
            return Ok(());
        }
        let log = std::fs::File::options().create(true).append(true).open(&self.log)?;
        let mut command = as_nobody(&self.programs.join("postgres"))?;
        command.arg("-D").arg(&self.data).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        *running = Some(tokio::process::Command::from(command).kill_on_drop(true).spawn()?);
        let ready = || {
            let mut ask = Command::new(self.programs.join("pg_isready"));
            succeeds(ask.args(["--quiet", "--host=127.0.0.1"]).arg(format!("--port={}", self.port)))
        };
        until("Postgres", ready).await
    }
}

fn signal(name: &str, pids: &[u32]) -> anyhow::Result<()> {
    if pids.is_empty() {
        return Ok(());
    }
    // One that has ended meanwhile makes `kill` fail, and the others get the signal all the same.
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).stderr(Stdio::null()).status()?;
    Ok(())
}

/// The processes that a process has started.
fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // `pid (name) state parent …`, and the name may hold anything.
        let parent_of = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent_of == Some(parent)
    };
    pids.filter(is_child).collect()
}

fn is_root() -> anyhow::Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0")
}

/// A program that refuses to run as root.
fn as_nobody(program: &Path) -> anyhow::Result<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "HOME=/tmp"]).arg(program);
    Ok(command)
}

/// A Redis of our own that keeps nothing on disk.
pub(crate) struct Redis {
    port: u16,
    child: Mutex<Option<Child>>,
}

impl Redis {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let redis = Self { port: free_port()?, child: Mutex::default() };
        redis.start_again().await?;
        Ok(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(crate) async fn kill_and_start(&self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.lock().await.take() {
            child.kill().await?;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.start_again().await
    }

    pub(crate) async fn flush(&self) -> anyhow::Result<()> {
        ensure!(succeeds(&mut self.ask("FLUSHALL")), "FLUSHALL failed");
        Ok(())
    }

    pub(crate) async fn start_again(&self) -> anyhow::Result<()> {
        let mut running = self.child.lock().await;
        if running.is_some() {
            return Ok(());
        }
        let mut command = tokio::process::Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        *running = Some(command.spawn().context("redis-server is not installed")?);
        until("Redis", || succeeds(&mut self.ask("PING"))).await
    }

    fn ask(&self, command: &str) -> Command {
        let mut ask = Command::new("redis-cli");
        ask.args(["-p", &self.port.to_string(), command]);
        ask
    }
}
