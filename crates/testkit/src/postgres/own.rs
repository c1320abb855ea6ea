//! A server of a test's own, which asks for passwords or refuses to write, as the test wants it.

use super::{Server, run_sql, start};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the server may take to read its configuration again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server. It is stopped and removed when this is dropped.
pub struct OwnServer(Server);

impl OwnServer {
    /// One that trusts everybody, as all servers of tests do at first.
    pub fn start() -> Self {
        Self(start())
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.0.url.rsplit('@').next().unwrap()
    }

    /// An address: `user` or `user:password`, and a database with its parameters.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@{}/{database}", self.host())
    }

    /// Runs statements as the superuser.
    pub fn run(&self, database: &str, sql: &str) {
        run_sql(&self.url("postgres", database), sql);
    }

    /// Puts lines before those that say who is let in, and before they count.
    pub fn admit(&self, lines: &str) {
        let file = self.home().join("pg_hba.conf");
        let rest = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{lines}\n{rest}")).unwrap();
        self.reload();
    }

    /// Sets what the server's configuration says, a statement for each line: `ALTER SYSTEM SET …`.
    pub fn configure(&self, settings: &[&str]) {
        for setting in settings {
            self.run("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        self.reload();
    }

    /// The directory of its data.
    fn home(&self) -> PathBuf {
        PathBuf::from(super::text(&self.url("postgres", "postgres"), "SHOW data_directory"))
    }

    fn reload(&self) {
        let loaded = || super::text(&self.url("postgres", "postgres"), "SELECT pg_conf_load_time()::text");
        let before = loaded();
        self.run("postgres", "SELECT pg_reload_conf()");
        let give_up = Instant::now() + PATIENCE;
        while loaded() == before {
            assert!(Instant::now() < give_up, "the server does not read its configuration again");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Its starter stops it and removes what is left of it.
        drop(self.0.stdin.take());
        let _ = self.0.child.wait();
    }
}
