//! A real `foghorn serve` process with a data directory of its own, and the plainest HTTP client.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program under test.
pub(crate) fn foghorn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foghorn"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) data_dir: PathBuf,
    _directory: Option<TempDir>,
}

impl Server {
    /// A server in a directory of its own.
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let mut server = Self::start_in(directory.path());
        server._directory = Some(directory);
        server
    }

    /// A server in a given directory, on a port the system chooses.
    pub(crate) fn start_in(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = foghorn()
            .arg("serve")
            .env("FOGHORN_LISTEN", "127.0.0.1:0")
            .env("FOGHORN_DATA_DIR", data_dir)
            .env("LOG_LEVEL", "warn")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the server ended before it listened");
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                break address.parse().unwrap();
            }
        };
        // The pipe must be read to its end, or the server would wait for room in it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, address, data_dir: data_dir.to_owned(), _directory: None }
    }

    /// SIGKILL: no chance to finish anything.
    pub(crate) fn kill(mut self) -> Option<TempDir> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self._directory.take()
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// One request. `None` if the connection broke before a whole answer had come.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let (status, text) = self.request_text(method, path, body)?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    pub(crate) fn request_text(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// A counter in the metrics.
    pub(crate) fn metric(&self, name_and_labels: &str) -> f64 {
        let (_, text) = self.request_text("GET", "/metrics", "").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name_and_labels)).unwrap_or(" 0");
        line.trim().parse().unwrap()
    }

    /// The JSON at an address.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.request("GET", path, "").unwrap().1
    }

    /// Waits, for at most a minute, until something holds.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while !holds(self) {
            assert!(Instant::now() < give_up, "never came true: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until triage has read the log and every telling is out.
    pub(crate) fn wait_until_idle(&self) {
        self.wait_until("nothing is left to do", |server| {
            let status = server.get("/status");
            status["events_untriaged"] == 0 && status["notifications_pending"] == 0
        });
    }

    /// A command against this server.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let url = format!("http://{}", self.address);
        foghorn().args(arguments).env("FOGHORN_URL", url).env("USER", "ana").output().unwrap()
    }

    /// The standard output of a command that must succeed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
