//! A real Redis: Debian's `redis-server` on a port of its own, asked through `redis-cli`. It keeps nothing on disk, so
//! that one that is started again has lost everything.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server is waited for, at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server. It ends when this is dropped.
pub struct RedisServer {
    port: u16,
    directory: TempDir,
    child: Option<Child>,
}

impl RedisServer {
    /// What it wants to hear before it answers.
    pub const PASSWORD: &str = "hunter2-of-this-test";

    /// One that runs.
    pub fn start() -> Self {
        let mut server = Self::to_come();
        server.start_again();
        server
    }

    /// One that has its port and does not run yet.
    pub fn to_come() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, directory: TempDir::new().unwrap(), child: None }
    }

    /// Starts it, with nothing in it.
    pub fn start_again(&mut self) {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--requirepass", Self::PASSWORD])
            .args(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--dir"])
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed by scripts/test");
        self.child = Some(child);
        let give_up = Instant::now() + PATIENCE;
        while self.command(&["PING"]) != "PONG" {
            assert!(Instant::now() < give_up, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its address for `REDIS_URL`, with the password.
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", Self::PASSWORD, self.port)
    }

    /// A command and its answer, a line for each element.
    pub fn command(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "--raw"])
            .env("REDISCLI_AUTH", Self::PASSWORD)
            .args(command)
            .output()
            .expect("redis-cli is installed by scripts/test");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
