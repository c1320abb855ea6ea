//! A database or a Redis that cannot be used: one line that names the host and the remedy and never the password, an
//! end where nothing heals by itself, another try where it may.

use crate::process::{Server, foghorn};
use foghorn_testkit::postgres::Session;
use foghorn_testkit::postgres::own::OwnServer;
use foghorn_testkit::postgres::tls::TlsDoor;
use foghorn_testkit::redis::RedisServer;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

const PASSWORD: &str = "correct-horse-battery";
const WRONG_PASSWORD: &str = "tr0ub4dor-and-3";

/// A server that asks `ana` and `carl` for a password, with databases that each lack something.
fn guarded() -> &'static OwnServer {
    static SERVER: OnceLock<OwnServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = OwnServer::start();
        server.run("postgres", &format!("CREATE ROLE ana LOGIN PASSWORD '{PASSWORD}'"));
        for database in ["well", "without_vector", "without_rights", "not_hers"] {
            server.run("postgres", &format!("CREATE DATABASE {database}"));
        }
        server.run("well", "CREATE EXTENSION vector; GRANT CREATE ON SCHEMA public TO ana");
        server.run("without_vector", "GRANT CREATE ON SCHEMA public TO ana");
        server.run("without_rights", "CREATE EXTENSION vector");
        server.run("postgres", "REVOKE CONNECT ON DATABASE not_hers FROM PUBLIC");
        server.admit("host all ana,carl 127.0.0.1/32 scram-sha-256");
        server
    })
}

fn run(arguments: &[&str], database: &str, environment: &[(&str, &str)]) -> Output {
    let directory = TempDir::new().unwrap();
    let mut command = foghorn();
    command.args(arguments).env("DATABASE_URL", database).env("FOGHORN_DATA_DIR", directory.path());
    command.env("FOGHORN_LISTEN", "127.0.0.1:0").envs(environment.iter().copied()).stdin(Stdio::null());
    command.output().unwrap()
}

/// `serve` ends with one line that holds all of this, and `check` says the same.
#[track_caller]
fn assert_refused(database: &str, environment: &[(&str, &str)], words: &[&str]) {
    let output = run(&["serve"], database, environment);
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().last().unwrap_or_default();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{database}: {said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "{said}");
    let checked = run(&["check"], database, environment);
    let looked = String::from_utf8(checked.stdout).unwrap();
    let failure = looked.lines().find(|line| line.starts_with("FAIL") && line.contains("store")).unwrap_or_default();
    assert!(!checked.status.success(), "{looked}");
    for word in words {
        assert!(line.contains(word), "no {word:?} in {line}");
        assert!(failure.contains(word), "no {word:?} in {looked}");
    }
    for secret in [PASSWORD, WRONG_PASSWORD] {
        assert!(!said.contains(secret) && !looked.contains(secret), "{said}{looked}");
    }
}

#[test]
fn whoever_is_not_let_in_is_told_by_whom_and_what_to_do() {
    let server = guarded();
    let host = server.host();
    let ana = format!("ana:{PASSWORD}");
    let cases: [(String, &[&str]); 6] = [
        (
            server.url(&format!("ana:{WRONG_PASSWORD}"), "well"),
            &["password authentication failed", "check user and password"],
        ),
        (server.url("ana", "well"), &["password missing", "put the password into DATABASE_URL"]),
        (server.url(&format!("carl:{PASSWORD}"), "well"), &["carl", "check user and password"]),
        (server.url(&ana, "nowhere"), &["\"nowhere\" does not exist", "createdb"]),
        (server.url(&ana, "not_hers"), &["permission denied", "CONNECT"]),
        (server.url(&ana, "well?sslmode=perhaps"), &["sslmode", "prefer"]),
    ];
    for (url, words) in cases {
        // What is wrong with the address itself is said before a host is known.
        if url.contains("perhaps") {
            let said = String::from_utf8(run(&["serve"], &url, &[]).stderr).unwrap();
            assert!(words.iter().all(|word| said.contains(word)) && !said.contains(PASSWORD), "{said}");
        } else {
            assert_refused(&url, &[], &[&[host], words].concat());
        }
    }
}

#[test]
fn what_a_database_lacks_is_named_with_whoever_can_give_it() {
    let server = guarded();
    let ana = format!("ana:{PASSWORD}");
    // Until the first start nothing is made, so `check` has nothing to say of these.
    let cases: [(&str, &[&str]); 2] = [
        ("without_vector", &["permission denied to create extension", "superuser", "CREATE EXTENSION vector"]),
        ("without_rights", &["permission denied for schema", "grant this user CREATE"]),
    ];
    for (database, words) in cases {
        for command in ["serve", "migrate"] {
            let output = run(&[command], &server.url(&ana, database), &[]);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(server.host()) && words.iter().all(|word| said.contains(word)), "{said}");
            assert!(!said.contains(PASSWORD), "{said}");
        }
    }
}

#[test]
fn a_database_that_takes_no_writes_or_gives_no_time_is_refused() {
    let server = OwnServer::start();
    let url = server.url("postgres", "postgres");
    assert!(run(&["migrate"], &url, &[]).status.success());
    let other = Session::open(&url);
    other.run("BEGIN; SET idle_in_transaction_session_timeout = 0; LOCK TABLE foghorn_schema");
    let cases = [
        ("FOGHORN_DATABASE__STATEMENT_TIMEOUT", "statement timeout", "raise database.statement_timeout"),
        ("FOGHORN_DATABASE__LOCK_TIMEOUT", "lock timeout", "end the session that holds the lock"),
    ];
    for (key, said, remedy) in cases {
        assert_refused(&url, &[(key, "200ms")], &[server.host(), said, remedy]);
    }
    drop(other);
    server.configure(&["default_transaction_read_only = on"]);
    assert_refused(&url, &[], &[server.host(), "read-only", "name the primary"]);
}

#[test]
fn a_newer_schema_is_refused_and_an_older_one_brought_up_to_date() {
    let server = OwnServer::start();
    let url = server.url("postgres", "postgres");
    let migrated = |words: &str| {
        let output = run(&["migrate"], &url, &[]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains(words), "{said}{}", String::from_utf8_lossy(&output.stderr));
    };
    migrated("schema version 0 to");
    server.run("postgres", "DROP TABLE foghorn_processes; DELETE FROM foghorn_schema WHERE version = 8");
    migrated("schema version 7 to 8");
    migrated("nothing to do");
    server.run("postgres", "INSERT INTO foghorn_schema VALUES (999)");
    assert_refused(&url, &[], &[server.host(), "schema version 999", "start the newer foghorn"]);
}

#[test]
fn tls_is_asked_for_refused_and_checked_and_each_is_said() {
    let server = OwnServer::start();
    server.run("postgres", "CREATE EXTENSION vector; CREATE ROLE tess LOGIN; CREATE ROLE pia LOGIN");
    server.run("postgres", "GRANT CREATE ON SCHEMA public TO tess");
    server.admit("hostnossl all pia 127.0.0.1/32 reject");
    let host = server.host();
    assert_refused(&server.url("tess", "postgres?sslmode=require"), &[], &[host, "speaks no TLS", "sslmode=disable"]);
    assert_refused(&server.url("pia", "postgres"), &[], &[host, "no encryption", "sslmode=require"]);

    let door = TlsDoor::to(host);
    let at_door = |parameters: &str| format!("postgresql://tess:{PASSWORD}@{}/postgres?{parameters}", door.host());
    let host = door.host();
    assert_refused(&at_door("sslmode=verify-full"), &[], &[&host, "certificate", "sslrootcert=FILE"]);
    let with = |authority: &Path| at_door(&format!("sslmode=verify-full&sslrootcert={}", authority.display()));
    assert_refused(&with(&door.another_authority()), &[], &[&host, "certificate", "sslrootcert=FILE"]);
    let unread = run(&["serve"], &with(Path::new("/nowhere/ca.pem")), &[]);
    let said = String::from_utf8(unread.stderr).unwrap();
    assert!(said.contains("/nowhere/ca.pem") && said.contains("sslrootcert") && !said.contains(PASSWORD), "{said}");

    let migrated = run(&["migrate"], &with(&door.authority()), &[]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    // Whoever only prefers TLS is promised nothing about who is there.
    assert!(run(&["migrate", "--check"], &at_door("sslmode=prefer"), &[]).status.success());
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for_and_others_are_told_at_once() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = format!("postgresql://ana:{PASSWORD}@{nobody}/foghorn");
    let directory = TempDir::new().unwrap();
    let mut command = foghorn();
    command.arg("serve").env("DATABASE_URL", &url).env("FOGHORN_DATA_DIR", directory.path());
    command.env("FOGHORN_LISTEN", "127.0.0.1:0").stdin(Stdio::null()).stdout(Stdio::null());
    let mut waiting = command.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let tries: Vec<String> =
        lines.map_while(Result::ok).filter(|line| line.contains("cannot be opened yet")).take(3).collect();
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    assert_eq!(tries.len(), 3, "{tries:?}");
    for (line, pause) in tries.iter().zip(["500", "1000", "2000"]) {
        assert!(line.contains(&nobody) && line.contains("check that it runs") && line.contains(pause), "{line}");
        assert!(!line.contains(PASSWORD), "{line}");
    }
    for command in [&["migrate"][..], &["check"], &["audit", "verify"]] {
        let output = run(command, &url, &[]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success() && said.contains(&nobody) && !said.contains(PASSWORD), "{said}");
    }
}

#[test]
fn a_full_disk_under_the_database_is_said_to_be_its_own_and_heals() {
    let server = OwnServer::start();
    let (url, directory) = (server.url("postgres", "postgres"), TempDir::new().unwrap());
    let foghorn = Server::start_with(directory.path(), &[("DATABASE_URL", &url)]);
    let event = || {
        let event = json!({ "source": "cart", "type": "log", "payload": "INFO all is well" });
        foghorn.request("POST", "/events", &event.to_string()).unwrap()
    };
    assert_eq!(event().0, 200);
    // What the server answers where a file cannot grow.
    server.run(
        "postgres",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER no_room BEFORE INSERT ON raw_events FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    );
    let (status, problem) = event();
    assert_eq!(status, 503, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("under the database is full"), "{problem}");
    server.run("postgres", "DROP FUNCTION refuse CASCADE");
    assert_eq!(event().0, 200);
    foghorn.wait_until("it is ready again", |foghorn| foghorn.request("GET", "/readyz", "").unwrap().0 == 200);
    assert_eq!(foghorn.get("/api/v1/events")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_redis_that_cannot_be_used_is_named_and_stops_nothing() {
    let redis = RedisServer::start();
    let right = redis.url();
    let host = right.rsplit('@').next().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = format!("redis://:{PASSWORD}@{nobody}/0");
    let cases = [
        (format!("redis://:{WRONG_PASSWORD}@{host}"), host, "set the right one in REDIS_URL"),
        (format!("redis://{host}"), host, "set the right one in REDIS_URL"),
        (unreachable, &nobody.to_string(), "see whether it runs there"),
        (right.clone(), host, "maxmemory"),
    ];
    for (url, host, remedy) in &cases {
        redis.command(&["CONFIG", "SET", "maxmemory", if *remedy == "maxmemory" { "1" } else { "0" }]);
        let host = host.trim_end_matches("/0");
        let (looked, directory) = (run(&["check"], "", &[("REDIS_URL", url)]), TempDir::new().unwrap());
        let said = String::from_utf8(looked.stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with("WARN") && line.contains("redis")).unwrap_or_default();
        assert!(looked.status.success() && line.contains(host) && line.contains(remedy), "{said}");
        let foghorn = Server::start_with(directory.path(), &[("REDIS_URL", url)]);
        let event =
            json!({ "source": "cart", "type": "log", "payload": "ERROR Database connection timeout after 30s" });
        assert_eq!(foghorn.request("POST", "/events", &event.to_string()).unwrap().0, 200);
        foghorn.wait_until("it is told", |foghorn| foghorn.get("/api/v1/incidents/1")["status"] == "notified");
        foghorn.wait_until("it is said", |foghorn| foghorn.get("/status")["redis"].to_string().contains(remedy));
        let shown = format!("{}{said}", foghorn.get("/status")["redis"]);
        for secret in [PASSWORD, WRONG_PASSWORD, RedisServer::PASSWORD] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_password_that_is_changed_while_the_program_runs_loses_nothing() {
    let server = OwnServer::start();
    server.run("postgres", &format!("CREATE ROLE ana LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    server.admit("host all ana 127.0.0.1/32 scram-sha-256");
    let (url, directory) = (server.url(&format!("ana:{PASSWORD}"), "postgres"), TempDir::new().unwrap());
    let foghorn = Server::start_with(directory.path(), &[("DATABASE_URL", &url)]);
    let send = |number: u32| {
        let event = json!({ "source": "cart", "type": "log", "payload": format!("INFO order {number}") });
        let (status, answer) = foghorn.request("POST", "/events", &event.to_string()).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(send(1), "stored");
    server.run("postgres", "ALTER ROLE ana PASSWORD 'another'");
    server.run("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ana'");
    assert_eq!((send(2), send(3)), ("spooled".to_owned(), "spooled".to_owned()));
    server.run("postgres", &format!("ALTER ROLE ana PASSWORD '{PASSWORD}'"));
    foghorn.wait_until("all are there", |foghorn| foghorn.get("/status")["events"] == 3);
}
