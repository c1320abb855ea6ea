//! Foghorn as several processes, each started again when it ends, as a service manager would.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How long a process may take to finish what it has in hand: what systemd gives a service by default.
const STOPS_WITHIN: Duration = Duration::from_secs(90);

/// The processes.
pub(crate) struct Fleet {
    slots: Vec<Arc<Slot>>,
    keepers: Vec<JoinHandle<()>>,
    program: PathBuf,
    environment: Vec<(String, String)>,
}

/// A place for one process after the other.
pub(crate) struct Slot {
    pub(crate) role: &'static str,
    pub(crate) directory: PathBuf,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    pid: Option<u32>,
    address: Option<String>,
    /// Set for the next process alone.
    extra: Vec<(String, String)>,
    starts: u32,
    is_over: bool,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.state().pid
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Option<String> {
        self.state().address.clone()
    }

    /// What the next process of this place gets in its environment.
    pub(crate) fn give_next(&self, extra: Vec<(String, String)>) {
        self.state().extra = extra;
    }

    /// Signals the process there is now; `false` where there is none.
    pub(crate) fn signal(&self, name: &str) -> bool {
        let Some(pid) = self.pid() else { return false };
        let mut kill = std::process::Command::new("kill");
        kill.arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null());
        kill.status().is_ok_and(|status| status.success())
    }
}

impl Fleet {
    /// Starts so many processes of each role, and waits until each listens.
    pub(crate) async fn start(
        program: PathBuf,
        directory: PathBuf,
        environment: Vec<(String, String)>,
        roles: &[(&'static str, usize)],
    ) -> anyhow::Result<Self> {
        let mut fleet = Self { slots: Vec::new(), keepers: Vec::new(), program, environment };
        let migrated = fleet.command(&directory.join("migrate")).arg("migrate").output().await?;
        ensure!(migrated.status.success(), "migrate failed: {}", String::from_utf8_lossy(&migrated.stderr));
        for (role, count) in roles.iter().copied() {
            for number in 0..count {
                let directory = directory.join(format!("{role}-{number}"));
                std::fs::create_dir_all(&directory)?;
                fleet.slots.push(Arc::new(Slot { role, directory, state: Mutex::default(), changed: Notify::new() }));
            }
        }
        for slot in fleet.slots.clone() {
            let command = fleet.command(&slot.directory);
            fleet.keepers.push(tokio::spawn(keep(slot, command)));
        }
        for slot in &fleet.slots {
            let listens = async {
                while slot.state().address.is_none() {
                    slot.changed.notified().await;
                }
            };
            let within = tokio::time::timeout(Duration::from_secs(60), listens).await;
            within.with_context(|| format!("{} never listened; see its log", slot.directory.display()))?;
        }
        Ok(fleet)
    }

    fn command(&self, data_dir: &Path) -> Template {
        Template { program: self.program.clone(), environment: self.environment.clone(), data_dir: data_dir.to_owned() }
    }

    /// A command against the same database, in a directory of its own.
    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
        let directory = tempfile::tempdir()?;
        Ok(self.command(directory.path()).command().args(arguments).output().await?)
    }

    pub(crate) fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
    }

    /// Where processes of a role listen now.
    pub(crate) fn addresses(&self, role: &str) -> Vec<String> {
        self.slots.iter().filter(|slot| slot.role == role).filter_map(|slot| slot.state().address.clone()).collect()
    }

    /// Sends events to `/events`, to one process after the other, until one accepts them. Answers how often they had to
    /// be sent again.
    pub(crate) async fn deliver(&self, client: &reqwest::Client, events: &Value) -> u64 {
        let mut again = 0;
        loop {
            for address in self.addresses("ingest") {
                let sent = client.post(format!("http://{address}/events")).json(events).send().await;
                if sent.is_ok_and(|answer| answer.status().is_success()) {
                    return again;
                }
                again += 1;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How often processes were started, by role.
    pub(crate) fn starts(&self) -> BTreeMap<&'static str, u32> {
        let mut starts = BTreeMap::new();
        for slot in &self.slots {
            *starts.entry(slot.role).or_default() += slot.state().starts;
        }
        starts
    }

    /// Ends every process and starts none again. Whoever has not ended within [`STOPS_WITHIN`] is killed.
    pub(crate) async fn stop(&self) {
        for slot in &self.slots {
            slot.state().is_over = true;
            slot.signal("CONT");
            slot.signal("TERM");
        }
        let give_up = Instant::now() + STOPS_WITHIN;
        while Instant::now() < give_up {
            if self.keepers.iter().all(JoinHandle::is_finished) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for slot in &self.slots {
            slot.signal("KILL");
        }
    }
}

/// How a process is started.
struct Template {
    program: PathBuf,
    environment: Vec<(String, String)>,
    data_dir: PathBuf,
}

impl Template {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("FOGHORN_DATA_DIR", &self.data_dir).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn arg(&self, argument: &str) -> Command {
        let mut command = self.command();
        command.arg(argument);
        command
    }
}

/// Starts a process, and the next one whenever it ends.
async fn keep(slot: Arc<Slot>, template: Template) {
    while !slot.state().is_over {
        let extra = std::mem::take(&mut slot.state().extra);
        if let Err(error) = live(&slot, &template, &extra).await {
            super::say(&format!("{}: {error:#}", slot.directory.display()));
        }
        {
            let mut state = slot.state();
            (state.pid, state.address) = (None, None);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn live(slot: &Slot, template: &Template, extra: &[(String, String)]) -> anyhow::Result<()> {
    let log = std::fs::File::options().create(true).append(true).open(slot.directory.join("log"))?;
    let mut child: Child = template
        .command()
        .args(["serve", "--roles", slot.role])
        .env("FOGHORN_LISTEN", "127.0.0.1:0")
        .envs(extra.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()?;
    {
        let mut state = slot.state();
        state.pid = child.id();
        state.starts += 1;
    }
    let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.trim().strip_prefix("listening on ") {
            slot.state().address = Some(address.to_owned());
            slot.changed.notify_waiters();
            slot.changed.notify_one();
        }
    }
    child.wait().await?;
    Ok(())
}
