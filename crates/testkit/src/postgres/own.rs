//! A server of a test's own, which asks for passwords, speaks TLS or is short of something, as the test wants it.

use super::{Server, run_sql, start};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
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

    /// Has it speak TLS, with a certificate for `127.0.0.1` by an authority whose certificate is the answer.
    pub fn speak_tls(&self) -> PathBuf {
        let home = self.home();
        authority(&home, "ca");
        openssl(
            &home,
            &["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=db"],
        );
        fs::write(home.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(&home, &["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "server.crt"]);
        // A key that others may read is refused.
        let owner = fs::metadata(&home).unwrap();
        for name in ["server.key", "server.crt"] {
            chown(home.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
            fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.configure(&["ssl = on"]);
        home.join("ca.crt")
    }

    /// The certificate of an authority that has signed nothing.
    pub fn another_authority(&self) -> PathBuf {
        authority(&self.home(), "another")
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

fn authority(home: &Path, name: &str) -> PathBuf {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    let subject = format!("/CN={name}");
    openssl(home, &["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", &key, "-out", &certificate,
        "-subj", &subject]);
    home.join(certificate)
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(directory).args(arguments).output();
    let output = output.expect("openssl is installed by scripts/test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
