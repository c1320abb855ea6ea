//! The dashboard in a real Chromium, against the real program: it follows what happens, people act on it,
//! hostile text stays text, and every page can be read on a phone, in the dark and by a screen reader.

mod chromium;

use crate::process::Server;
use chromium::Tab;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

const TIMEOUT: &str = "ERROR Database connection timeout after 30000ms: QueuePool limit reached";
const OTHERWISE: &str =
    "FATAL timeout: could not get a database connection from the pool within 30 seconds, all 20 are in use";
const HOSTILE: &str = "ERROR GET /?q=<script>document.title='owned';alert(1)</script>\"'><img src=x onerror=alert(2)>\
     <svg onload=alert(3)><style>body{display:none}</style><a href=javascript:alert(4)>x</a>{{7*7}}${7*7}\
     <form action=//evil.example><input name=user> \u{202e}txet\u{1b}[31m\u{0}--> HTTP/1.1 500";

/// A server whose ended incidents do not come back, so that the next like one is a new one.
fn server() -> (Server, TempDir) {
    let directory = TempDir::new().unwrap();
    let server = Server::start_with(directory.path(), &[("FOGHORN_INCIDENTS__REOPEN_WINDOW", "1ms")]);
    (server, directory)
}

fn send(server: &Server, source: &str, payload: &str) {
    let body = json!({ "source": source, "type": "log", "payload": payload }).to_string();
    assert_eq!(server.request("POST", "/events", &body).unwrap().0, 200);
}

fn address(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.address)
}

/// Where pictures and axe-core are: beside the build, whoever built it.
fn target(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().join(name)
}

#[test]
fn an_incident_arrives_live_is_answered_and_its_fix_is_offered_to_the_next_like_it() {
    let (server, _directory) = server();
    let mut tab = Tab::open();
    tab.look(1280, 900, "light");
    tab.go(&address(&server, "/"));
    tab.wait_for_text("#live-sign", "Live");
    tab.value("window.isTheSamePage = true");
    send(&server, "checkout", TIMEOUT);
    tab.wait_for_text("#incident-1", "QueuePool limit reached");
    tab.wait_for_text("#tab-new", "1");
    assert_eq!(tab.value("window.isTheSamePage"), true, "the page was not loaded anew");

    tab.follow("#open-1");
    tab.write("#user", "ana");
    tab.follow("#do-ack");
    tab.wait_for_text("#headline", "Acknowledged by ana");
    assert_eq!(server.get("/api/v1/incidents/1")["status"], "acknowledged");
    assert_eq!(tab.value("document.getElementById('resolver').value"), "ana", "the name is remembered");

    tab.write("#solution", "raised max_connections from 100 to 200");
    tab.follow("#resolve button");
    tab.wait_for_text("#headline", "Resolved by ana");
    assert_eq!(server.get("/api/v1/incidents/1")["status"], "resolved");

    // The next one says it in other words and comes from another service.
    tab.go(&address(&server, "/?status=open,notified"));
    send(&server, "billing", OTHERWISE);
    tab.wait_for_text("#incident-2", "could not get a database connection");
    tab.follow("#open-2");
    tab.wait_for_text("#headline .history", "ana: raised max_connections from 100 to 200");
    tab.wait_for_text("#remembered", "Similarity 0.");
    tab.follow("#tab-memory");
    tab.wait_for_text("#M1", "raised max_connections from 100 to 200");
    tab.wait_for_text("#M1", "ana");
    tab.follow("#remembered [value=helped]");
    tab.wait_for_text(".noted", "it helped");
    tab.go(&address(&server, "/memory?q=max_connections"));
    tab.wait_for_text("#memories", "raised max_connections from 100 to 200");
    tab.wait_for_text("#memories", "helped 1×");
    tab.assert_nothing_happened("the whole way");
}

#[test]
fn a_draft_is_confirmed_with_one_click_and_can_be_rewritten_first() {
    let (server, _directory) = server();
    send(&server, "checkout", TIMEOUT);
    server.wait_until_idle();
    let mut tab = Tab::open();
    tab.go(&address(&server, "/incidents/1"));
    tab.write("#user", "ana");
    tab.write("#note", "restarted the pool");
    tab.follow("#do-resolve");
    tab.wait_for_text("#draft", "ana: restarted the pool.");
    tab.follow("#edit-draft");
    tab.write("#solution", "raised the pool from 5 to 20");
    tab.follow("form.resolve .primary");
    tab.wait_for_text("#headline", "Resolved by ana");
    assert_eq!(tab.text("#draft"), "", "nothing waits any more");
    let memory = server.get("/api/v1/memory/draft-1");
    assert_eq!((&memory["author"], &memory["solution"]), (&json!("ana"), &json!("raised the pool from 5 to 20")));

    tab.follow("#do-reopen");
    tab.write("#note", "it was the disk");
    tab.follow("#do-resolve");
    tab.wait_for_text("#draft", "it was the disk");
    tab.follow("#confirm-draft");
    tab.wait_for_text(".noted", "Confirmed");
    assert_eq!(server.get("/api/v1/memory/draft-1-2")["confirmed"], true);
    tab.assert_nothing_happened("the whole way");
}

#[test]
fn what_a_policy_refuses_does_not_go_unnoticed_here() {
    let (server, _directory) = server();
    let mut tab = Tab::open();
    tab.go(&address(&server, "/"));
    tab.assert_nothing_happened("the page as it is");
    tab.value(
        "new Promise(refused => { document.addEventListener('securitypolicyviolation', () => refused(1));
                                  document.body.append(Object.assign(new Image(), { src: 'http://evil.example/x.png' })); })",
    );
    let refused = tab.take_incidents().concat();
    assert!(refused.contains("Content Security Policy") || refused.contains("ContentSecurityPolicy"), "{refused}");
}

#[test]
fn what_somebody_is_writing_survives_that_the_page_follows() {
    let (server, _directory) = server();
    send(&server, "checkout", TIMEOUT);
    server.wait_until_idle();
    let mut tab = Tab::open();
    tab.go(&address(&server, "/incidents/1"));
    tab.wait_for_text("#live-sign", "Live");
    tab.write("#solution", "half a sentence");
    server.run(&["ack", "1", "--user", "ben"]);
    tab.wait_for_text("#headline", "Acknowledged by ben");
    tab.wait_for_text("#facts", "Acknowledged");
    assert_eq!(tab.value("document.getElementById('solution').value"), "half a sentence");
    assert_eq!(tab.value("document.activeElement.id"), "solution");
}

#[test]
fn without_a_script_people_read_and_act_all_the_same() {
    let (server, _directory) = server();
    send(&server, "checkout", TIMEOUT);
    server.wait_until_idle();
    let mut tab = Tab::open();
    tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    tab.go(&address(&server, "/"));
    tab.follow("#open-1");
    for (name, shows) in [("told", "opened"), ("timeline", "notified"), ("docs", "Look"), ("events", "QueuePool")] {
        tab.follow(&format!("#tab-{name}"));
        tab.wait_for_text("#context", shows);
    }
    tab.write("#user", "ana");
    tab.follow("#do-info");
    tab.wait_for_text("#headline", "More information asked for by ana");
    tab.write("#solution", "restarted the pool");
    tab.follow("#resolve button");
    tab.wait_for_text("#headline", "Resolved by ana");
}

#[test]
fn without_a_script_a_silence_is_previewed_begun_and_ended() {
    let (server, _directory) = server();
    send(&server, "checkout", TIMEOUT);
    server.wait_until_idle();
    let mut tab = Tab::open();
    tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    tab.go(&address(&server, "/incidents/1"));
    tab.follow("#silence");
    tab.wait_for_text("#current", "Nothing is silenced");
    tab.write("#comment", "moving the database");
    tab.write("#user", "ana");
    tab.follow("#preview");
    tab.wait_for_text("#preview-of", "Of the last 24 hours it fits 1 incident.");
    tab.follow("#begin");
    tab.wait_for_text("#silence-1", "service = checkout");
    tab.wait_for_text("#silence-1", "moving the database");
    tab.click("#end-1 summary");
    tab.follow("#end-1 button");
    tab.wait_for_text("#ended", "moving the database");
    assert_eq!(server.get("/api/v1/silences?ended=true")["items"][0]["is_active"], false);
}

#[test]
fn without_a_script_a_key_is_made_shown_once_and_revoked() {
    let (server, _directory) = server();
    let mut tab = Tab::open();
    tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    tab.go(&address(&server, "/settings"));
    tab.wait_for_text("#keys", "No program has a key of its own.");
    tab.write("#key-name", "checkout");
    tab.write("#key-quota", "500/s");
    tab.write("#key-user", "ana");
    tab.follow("#make-key");
    tab.wait_for_text("#made", "The key checkout is made.");
    tab.wait_for_text("#made", "fh_intake_");
    let key = tab.text("#made pre");
    let (status, _) =
        server.request("POST", &format!("/in/{key}/events"), r#"{"source":"a","type":"log","payload":"x"}"#).unwrap();
    assert_eq!(status, 200);
    assert_eq!(server.get("/api/v1/events")["items"][0]["metadata"]["foghorn_sender"]["name"], "checkout");
    tab.go(&address(&server, "/settings"));
    tab.wait_for_text("#key-1", "500/s, 1,000 at once");
    assert!(!tab.text("#keys").contains(&key));
    tab.click("#revoke-1 summary");
    tab.write("#revoker-1", "ana");
    tab.follow("#revoke-1 button");
    tab.wait_for_text("#keys", "No program has a key of its own.");
    assert_eq!(server.get("/api/v1/keys?revoked=true")["items"][0]["revoked_by"], "ana");
}

/// Every page there is, with something on it.
fn pages(server: &Server) -> Vec<(&'static str, String)> {
    let tabs = [
        ("tab-events", "events"),
        ("tab-memory", "memory"),
        ("tab-docs", "docs"),
        ("tab-timeline", "timeline"),
        ("tab-told", "told"),
    ];
    let tabs = tabs.map(|(name, tab)| (name, format!("/incidents/1?tab={tab}")));
    let mut pages = vec![
        ("incidents", "/".to_owned()),
        ("nothing-found", "/?q=nothing-like-this".to_owned()),
        ("ended", "/incidents/2".to_owned()),
        ("drafted", "/incidents/3?noted=helped".to_owned()),
        ("edit", "/memory/edit?id=incident-1&incident=1".to_owned()),
        ("services", "/services".to_owned()),
        ("memory", "/memory".to_owned()),
        ("silences", "/silences?service=checkout".to_owned()),
        ("audit", "/audit".to_owned()),
        ("settings", "/settings".to_owned()),
        ("login", "/login".to_owned()),
        ("not-found", "/incidents/999999".to_owned()),
        ("not-understood", "/?severity=<b>awful</b>".to_owned()),
    ];
    pages.extend(tabs);
    pages.into_iter().map(|(name, path)| (name, address(server, &path))).collect()
}

/// A store in which every place holds hostile text: names, lines, metadata, notes, fixes, who acted.
fn fill(server: &Server) {
    let hostile = json!({ "source": HOSTILE.chars().take(200).collect::<String>(), "type": "http_request", "payload": HOSTILE,
        "metadata": { "environment": "<i>prod</i>", "host": HOSTILE, "commit": "<u>1</u>", "labels": { "<b>": HOSTILE } } });
    let change = json!({ "source": "checkout", "type": "change", "payload": HOSTILE });
    let timeout = json!({ "source": "checkout", "type": "log", "payload": TIMEOUT, "metadata": { "host": "db-1" } });
    let long = json!({ "source": "a-service-whose-name-is-as-long-as-names-of-services-get-in-kubernetes", "type": "log",
        "payload": format!("ERROR {}", "averylongwordwithoutanyspace".repeat(20)) });
    let all = json!([change, hostile, timeout, timeout, long]).to_string();
    assert_eq!(server.request("POST", "/events", &all).unwrap().0, 200);
    server.wait_until_idle();
    let act = |id: u64, action: &str, more: Value| {
        let mut body = json!({ "action": action, "user": HOSTILE });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.request("POST", &format!("/api/v1/incidents/{id}/actions"), &body.to_string()).unwrap();
        assert_eq!(answer.0, 200, "{}", answer.1);
    };
    act(1, "ack", json!({ "note": HOSTILE }));
    act(1, "resolve", json!({ "solution": HOSTILE }));
    act(1, "reopen", json!({}));
    act(2, "resolve", json!({ "solution": "rm -rf /var/cache/app && restart" }));
    for service in ["<script>alert(5)</script><img src=x onerror=alert(6)>", "checkout"] {
        let silence = json!({ "matchers": [format!("service = {service}")], "duration": "2h", "comment": HOSTILE,
            "user": HOSTILE.chars().take(60).collect::<String>() });
        let answer = server.request("POST", "/api/v1/silences", &silence.to_string()).unwrap();
        assert_eq!(answer.0, 201, "{}", answer.1);
    }
    assert_eq!(server.request("DELETE", "/api/v1/silences/2", "").unwrap().0, 200);
    let who = HOSTILE.chars().take(60).collect::<String>();
    for (name, source) in [("checkout.eu-1", HOSTILE.chars().take(200).collect()), ("shipper", "x".repeat(255))] {
        let key = json!({ "name": name, "scope": "intake", "quota": "500/s", "source": source, "user": who });
        assert_eq!(server.request("POST", "/api/v1/keys", &key.to_string()).unwrap().0, 201);
    }
    let answer = server.request("POST", "/api/v1/keys/2/revoke", &json!({ "user": who }).to_string());
    assert_eq!(answer.unwrap().0, 200);
    act(3, "resolve", json!({ "note": HOSTILE }));
    server.wait_until_idle();
}

#[test]
fn hostile_text_on_every_page_executes_nothing() {
    let (server, _directory) = server();
    fill(&server);
    let mut tab = Tab::open();
    for (name, page) in pages(&server) {
        // Answers of 404 and 422 are logged by the browser as failures to load, and are none here.
        let is_mistake = name.starts_with("not-");
        tab.go(&page);
        assert_eq!(
            tab.value("document.querySelectorAll('img, form[action*=evil], a[href^=javascript], style').length"),
            0
        );
        assert_eq!(tab.value("document.title.endsWith('Foghorn')"), true, "{page}");
        assert_ne!(tab.value("getComputedStyle(document.body).display"), "none", "{page}");
        if is_mistake {
            tab.forget_failed_loads();
        }
        tab.assert_nothing_happened(&page);
    }
}

/// How people look: on a phone and at a desk, by day and by night.
const LOOKS: [(u32, &str); 4] = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")];

fn axe() -> String {
    let axe = target("axe-core/axe.min.js");
    std::fs::read_to_string(&axe).unwrap_or_else(|_| panic!("{} is missing; scripts/test fetches it", axe.display()))
}

/// The page as it stands is not too wide, and axe finds nothing in it.
#[track_caller]
fn inspect(tab: &mut Tab, axe: &str, case: &str) {
    tab.picture(&target("screenshots").join(format!("{case}.png")));
    let overflow = tab.value("document.documentElement.scrollWidth - innerWidth");
    assert!(overflow.as_i64().unwrap() <= 0, "{case} is {overflow} pixels too wide");
    tab.value(&format!("{axe}; 1"));
    let violations = tab.value(
        "axe.run(document).then(found => found.violations.map(violation =>
            [violation.id, violation.help, violation.nodes.map(node => node.html + ' ' + node.failureSummary)]))",
    );
    assert_eq!(violations, json!([]), "{case}");
}

#[test]
fn every_page_is_fit_for_a_phone_the_dark_and_a_screen_reader() {
    let axe = axe();
    let (server, _directory) = server();
    fill(&server);
    let mut tab = Tab::open();
    for (name, page) in pages(&server) {
        for (width, scheme) in LOOKS {
            tab.look(width, 800, scheme);
            tab.go(&page);
            inspect(&mut tab, &axe, &format!("{name}-{width}-{scheme}"));
        }
    }
}

const ROUTING: &str = r#"
fallback = ["screen"]
[receivers.screen]
kind = "dashboard"
[teams.payments]
name = "Payments"
[[route]]
name = "payments"
match = ["service =~ checkout|billing", "severity >= error"]
team = "payments"
receivers = ["screen"]
    [[route.route]]
    match = ["urgency = page"]
    receivers = ["screen"]
    escalation = [{ after = "15m", receivers = ["screen"] }]
[[maintenance]]
why = "the nightly import locks the orders table"
match = ["service = orders"]
from = "02:00"
to = "02:45"
[[inhibit]]
source = ["kind = db_timeout"]
target = ["kind = error"]
equal = ["service"]
"#;

#[test]
fn what_forms_answer_is_fit_for_everybody_too() {
    let axe = axe();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("routes.toml");
    std::fs::write(&file, ROUTING).unwrap();
    let server = Server::start_with(directory.path(), &[("FOGHORN_ROUTES", file.to_str().unwrap())]);
    std::fs::write(&file, format!("{ROUTING}\n[[route]]\nreceivers = [\"<b>{}</b>\"]\n", "nobody".repeat(20))).unwrap();
    server.wait_until("the fault is seen", |server| !server.get("/status")["routing"]["fault"].is_null());
    let mut tab = Tab::open();
    for (width, scheme) in LOOKS {
        tab.look(width, 800, scheme);
        for (name, matcher, shows) in
            [("preview", "service = checkout", "#preview-of"), ("fault", "kind = xss", "#matchers-wrong")]
        {
            tab.go(&address(&server, "/silences"));
            tab.write("#matchers", matcher);
            tab.write("#comment", "moving <b>the</b> database");
            tab.follow("#preview");
            tab.wait_for_text(shows, "service");
            inspect(&mut tab, &axe, &format!("silences-{name}-{width}-{scheme}"));
        }
        tab.go(&address(&server, "/settings"));
        tab.wait_for_text("#routing-fault", "there is no receiver");
        tab.follow("#test button");
        tab.wait_for_text("#outcomes", "nothing was sent");
        inspect(&mut tab, &axe, &format!("settings-tested-{width}-{scheme}"));
        tab.write("#key-name", &format!("program-{width}-{scheme}"));
        tab.follow("#make-key");
        tab.wait_for_text("#made", "fh_intake_");
        inspect(&mut tab, &axe, &format!("settings-key-made-{width}-{scheme}"));
        tab.write("#key-name", "No Name");
        tab.follow("#make-key");
        tab.wait_for_text("#key-name-wrong", "small letters");
        inspect(&mut tab, &axe, &format!("settings-key-fault-{width}-{scheme}"));
    }
}
