//! `foghorn search` and `foghorn memory`, on a data directory that nobody uses and beside a running server:
//! the same answers either way.

use crate::process::{Server, foghorn};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const MEMORIES: &str = r#"{"id":"inc-1","service":"orders","labels":["db","pool"],"incident_type":"db_timeout","summary":"Checkout could not get a database connection, the pool was exhausted","solution":"Raised max_connections and recycled the pool","author":"ana","created_at":"2026-01-01T00:00:00Z"}
{"id":"inc-2","service":"mail","labels":["tls"],"summary":"Mails were not delivered because the certificate of the relay had expired","solution":"Renewed the certificate","created_at":"2026-01-02T00:00:00Z"}
{"id":"inc-3","service":"search","labels":["disk"],"summary":"The index could not be written, the disk was full of old segments","created_at":"2026-01-03T00:00:00Z"}
"#;

const QUESTIONS: &str = r#"{"id":"q-1","query":"no free database connections at checkout"}
{"id":"q-2","query":"certificate of the mail relay expired"}
{"id":3,"query":"disk full, index cannot be written"}
{"id":"q-4","query":"the coffee machine wants descaling"}
"#;

/// Whom a command speaks to.
enum Holder<'a> {
    Directory(&'a Path),
    Server(&'a Server),
}

impl Holder<'_> {
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command: Command = foghorn();
        command.args(arguments).env("USER", "ana");
        match self {
            Self::Directory(directory) => command.env("FOGHORN_DATA_DIR", directory),
            Self::Server(server) => command.env("FOGHORN_URL", format!("http://{}", server.address)),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that refuses its arguments does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments, "")).unwrap()
    }

    /// Waits until everything imported has its embedding; without a server an import waits by itself.
    fn settle(&self) {
        if let Self::Server(server) = self {
            server.wait_until("memories are embedded", |server| {
                let memory = &server.get("/status")["memory"];
                memory["memories"] == 3 && memory["waiting_for_embeddings"] == 0
            });
        }
    }
}

fn check(holder: &Holder<'_>) -> String {
    let imported = holder.ok(&["memory", "import", "-"], MEMORIES);
    assert_eq!(imported, "3 memories imported, 3 new\n");
    holder.settle();
    let found = holder.json(&["search", "no free database connections at checkout", "--json"]);
    assert_eq!(found["incidents"][0]["incident_id"], "inc-1", "{found:#}");
    assert_eq!(found["total_found"], found["incidents"].as_array().unwrap().len());
    let people = holder.ok(&["search", "no", "free", "database", "connections"], "");
    assert!(people.contains("inc-1 · orders · ana") && people.contains("fix: Raised max_connections"), "{people}");
    let none = holder.ok(&["search", "certificate expired", "--service", "orders", "--threshold", "0.9"], "");
    assert_eq!(none, "nothing similar is remembered\n");

    let answers = holder.ok(&["search", "--batch", "-", "--k", "10", "--json"], QUESTIONS);
    let ids: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, ["q-1".into(), "q-2".into(), 3.into(), Value::from("q-4")]);

    let listed = holder.json(&["memory", "list", "-q", "certificate", "--json"]);
    assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&1.into(), &"inc-2".into()));
    let table = holder.ok(&["memory", "list"], "");
    assert!(table.lines().count() == 4 && table.contains("no fix") && table.contains("confirmed"), "{table}");

    let edited = holder.json(&["memory", "edit", "inc-3", "--solution", "Deleted old segments", "--json"]);
    assert_eq!(edited["solution"], "Deleted old segments");
    assert_eq!(holder.json(&["memory", "confirm", "inc-3", "--json"])["confirmed"], true);
    assert_eq!(holder.json(&["memory", "helped", "inc-3", "--json"])["helped"], 1);
    assert_eq!(holder.json(&["memory", "helped", "inc-3", "--not", "--json"])["not_helped"], 1);
    assert!(holder.json(&["memory", "retire", "inc-3", "--json"])["retired_at"].is_string());
    assert_eq!(holder.ok(&["memory", "export"], "").lines().count(), 2);
    assert!(holder.json(&["memory", "retire", "inc-3", "--undo", "--json"])["retired_at"].is_null());
    let unknown = holder.run(&["memory", "confirm", "inc-99"], "");
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("inc-99"));

    answers
}

#[test]
fn the_answers_are_the_same_from_a_directory_and_from_a_server_and_after_a_move() {
    let directory = TempDir::new().unwrap();
    let alone = Holder::Directory(directory.path());
    let answers = check(&alone);
    assert!(answers.lines().take(3).all(|line| line.contains("similarity")), "{answers}");
    let server = Server::start();
    assert_eq!(check(&Holder::Server(&server)), answers);

    // What was exported fills another memory with the same answers.
    let file = directory.path().join("out.jsonl");
    alone.ok(&["memory", "export", file.to_str().unwrap()], "");
    let elsewhere = TempDir::new().unwrap();
    let other = Holder::Directory(elsewhere.path());
    other.ok(&["memory", "import", file.to_str().unwrap()], "");
    let asked = |holder: &Holder<'_>| holder.ok(&["search", "--batch", "-", "--k", "10"], QUESTIONS);
    assert_eq!(asked(&other), asked(&alone));
    let exported = |holder: &Holder<'_>| {
        let mut lines: Vec<String> = holder.ok(&["memory", "export"], "").lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(exported(&other), exported(&alone));
    // The same file again replaces what it brought, and changes nothing.
    let again = other.ok(&["memory", "import", file.to_str().unwrap()], "");
    assert!(again.starts_with("3 memories imported, 0 new, 3 replaced"), "{again}");
    assert_eq!((asked(&other), exported(&other)), (asked(&alone), exported(&alone)));
}

#[test]
fn a_directory_that_a_server_has_open_is_searched_through_the_server() {
    let directory = TempDir::new().unwrap();
    let server = Server::start_in(directory.path());
    let listen = server.address.to_string();
    let run = |arguments: &[&str]| {
        let mut command = foghorn();
        command.args(arguments).env("FOGHORN_DATA_DIR", directory.path()).env("FOGHORN_LISTEN", &listen);
        command.output().unwrap()
    };
    let file = directory.path().join("memories.jsonl");
    std::fs::write(&file, MEMORIES).unwrap();
    let imported = run(&["memory", "import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    assert_eq!(server.get("/api/v1/memory")["total"], 3);
    Holder::Server(&server).settle();
    assert!(String::from_utf8_lossy(&run(&["search", "database connection"]).stdout).contains("inc-1"));
}

#[test]
fn bad_lines_of_a_file_are_named_and_the_rest_is_imported() {
    let directory = TempDir::new().unwrap();
    let long = format!("{{\"id\":\"long\",\"summary\":\"{}\"}}", "disk full ".repeat(100_000));
    let lines =
        format!("{MEMORIES}{{\n{{\"id\":\"x\"}}\n{long}\n{{\"id\":\"inc-1\",\"summary\":\"told anew\"}}\n\u{0}\n");
    let file = directory.path().join("memories.jsonl");
    std::fs::write(&file, lines).unwrap();
    let holder = Holder::Directory(directory.path());
    let output = holder.run(&["memory", "import", file.to_str().unwrap()], "");
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(out.contains("5 memories imported, 4 new, 1 replaced (inc-1), 3 refused"), "{out}");
    for part in
        ["memories.jsonl line 4", "memories.jsonl line 5: summary", "line 6: summary was cut to 20,000", "line 8"]
    {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn questions_that_cannot_be_asked_are_refused_and_the_others_answered() {
    let directory = TempDir::new().unwrap();
    let holder = Holder::Directory(directory.path());
    // Before anything is remembered there is nothing to look at, and no directory is made.
    let empty = holder.run(&["search", "anything"], "");
    assert!(String::from_utf8_lossy(&empty.stderr).contains("memory import"), "{empty:?}");
    assert!(!directory.path().join("foghorn.db").exists());

    holder.ok(&["memory", "import", "-"], MEMORIES);
    for arguments in [
        &["search", "x", "--k", "0"][..],
        &["search", "x", "--k", "51"],
        &["search", "x", "--k", "10000"],
        &["search", "x", "--threshold", "2"],
        &["search", ""],
        &["search", "  "],
        &["search"],
        &["search", "x", "--batch", "-"],
        &["search", "--batch", "/no/such/file"],
        &["memory", "edit", "inc-1"],
        &["memory", "import", "/no/such/file"],
    ] {
        let output = holder.run(arguments, "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains("error"), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
    let long = "and so on ".repeat(10_000);
    let lines = format!(
        "{{\"id\":1,\"query\":\"{long}\"}}\n{{\"id\":2,\"query\":\"🙂\"}}\n{{\"id\":3,\"query\":\"\"}}\nnonsense\n{{\"id\":5,\"query\":\"disk full\"}}\n"
    );
    let output = holder.run(&["search", "--batch", "-", "--k", "50"], &lines);
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    let ids: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 3, 5]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("line 3: query") && error.contains("line 4") && !output.status.success(), "{error}");
}
