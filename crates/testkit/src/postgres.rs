//! A Postgres of the tests' own: one server for a test program, a database for each test; and [`own`] servers, for
//! tests that change how one is configured, with [`tls`] before them.
//!
//! `scripts/postgres` starts the server and removes it when the other end of its standard input closes, so nothing
//! is left when the tests end, however they do. Every database is a copy of one that was migrated once.

pub mod own;
pub mod tls;

use foghorn_store::postgres::{Address, Patience, migrate};
use foghorn_store::sql::FromCell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

struct Server {
    url: String,
    // Open for as long as the server is to run.
    stdin: Option<ChildStdin>,
    child: Child,
}

/// The address of a server that is started when it is first asked for.
pub fn server() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &SERVER.get_or_init(start).url
}

fn start() -> Server {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
    let mut child = Command::new(script).arg("run").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("postgresql://"), "scripts/postgres run did not start a server");
    Server { url: url.trim().to_owned(), stdin: child.stdin.take(), child }
}

/// The address of a new, empty database.
pub fn empty_database() -> String {
    create("")
}

/// The address of a new database with Foghorn's schema.
pub fn database() -> String {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let url = empty_database();
        blocking(|| migrate::run(&address(&url)).unwrap());
        name_in(&url).to_owned()
    });
    create(&format!(" TEMPLATE {template}"))
}

/// An address as the store wants it.
pub fn address(url: &str) -> Address {
    Address::parse(url, Patience::default()).unwrap()
}

fn create(template: &str) -> String {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let postgres = format!("{}/postgres", server());
    run_sql(&postgres, &format!("CREATE DATABASE {name}{template}"));
    format!("{}/{name}", server())
}

fn name_in(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// Runs statements in a database, as another program would.
pub fn run_sql(url: &str, sql: &str) {
    let (address, sql) = (address(url), sql.to_owned());
    blocking(|| foghorn_store::Store::read_only(Path::new("."), Some(&address)).unwrap().run(&sql).unwrap());
}

/// A number from a database.
pub fn count(url: &str, sql: &str) -> i64 {
    cell(url, sql)
}

/// A text from a database.
fn text(url: &str, sql: &str) -> String {
    cell(url, sql)
}

fn cell<T: FromCell + Send>(url: &str, sql: &str) -> T {
    let address = address(url);
    blocking(|| {
        let connection = foghorn_store::Store::read_only(Path::new("."), Some(&address)).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    })
}

/// Runs what blocks away from the test's runtime.
fn blocking<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// A session of another program, which may leave a transaction open.
pub struct Session(Mutex<foghorn_store::sql::Connection>);

impl Session {
    /// Opens it.
    pub fn open(url: &str) -> Self {
        let address = address(url);
        Self(Mutex::new(blocking(|| foghorn_store::Store::read_only(Path::new("."), Some(&address)).unwrap())))
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        blocking(|| self.0.lock().unwrap().run(sql).unwrap());
    }
}
