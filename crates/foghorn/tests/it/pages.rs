//! The dashboard's pages over plain HTTP: everything escaped, no script but our own, and what the forms do.

use crate::process::Server;
use axum::http::Method;
use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{Answer, App, event};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PAGES: [&str; 12] = [
    "/",
    "/incidents/1",
    "/incidents/1?tab=memory",
    "/incidents/1?tab=docs",
    "/incidents/1?tab=timeline",
    "/incidents/1?tab=told",
    "/services",
    "/memory",
    "/silences",
    "/silences?service=%3Cscript%3E%22",
    "/audit",
    "/settings",
];

pub(crate) async fn submit(app: &App, path: &str, origin: &'static str, form: &'static str) -> Answer {
    let request = App::local(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin);
    app.request(request.body(form.into()).unwrap()).await
}

pub(crate) const OWN: &str = "http://127.0.0.1:8000";

#[tokio::test]
async fn hostile_text_stays_text_on_every_page() {
    let mut app = App::new();
    let hostile = "GET /?q=<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u{202e}\u{1b}[31m HTTP/1.1";
    let mut sent = event("<b>nginx</b>", "http_request", hostile);
    sent["metadata"] = serde_json::json!({ "environment": "<i>prod</i>", "labels": { "<u>": "<s>" } });
    app.send(sent).await;
    app.settle().await;
    submit(&app, "/incidents/1/memory", OWN, "solution=<script>alert(3)</script>%E2%80%AE&user=<b>nginx")
        .await
        .expect(303);
    for path in PAGES {
        let page = app.get(path).await.expect(200);
        let text = page.text.replacen("<script src=\"/assets/live.js?v=", "", 1);
        for forbidden in ["<script", "<img", "<style", " style=", "<b>nginx", "<i>prod", "<u>", "\u{202e}", "\u{1b}"] {
            assert!(!text.contains(forbidden), "{path} holds {forbidden:?}");
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    assert!(app.get("/incidents/1").await.text.contains("<mark>"));
}

#[tokio::test]
async fn the_buttons_act_and_come_back_to_the_page() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    let acknowledge = "action=ack&user=Zo%C3%AB+B&solution=";
    submit(&app, "/incidents/1/actions", "http://evil.example", acknowledge).await.expect(403);
    let answer = submit(&app, "/incidents/1/actions", OWN, acknowledge).await.expect(303);
    assert_eq!(answer.headers["location"], "/incidents/1");
    assert_eq!(app.incident(1).await["status"], "acknowledged");
    assert!(app.audit().await.contains(&"Zoë B acknowledged".to_owned()));
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let again = App::local(Method::GET, "/incidents/1").header("cookie", cookie).body("".into()).unwrap();
    assert!(app.request(again).await.text.contains("value=\"Zoë B\""));
}

#[tokio::test]
async fn saving_to_memory_resolves_only_what_is_ticked_and_keeps_the_fix() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    let save = |form| submit(&app, "/incidents/1/memory", OWN, form);
    let answer = save("solution=+&user=ana").await.expect(400);
    assert!(answer.text.contains("solution"), "{}", answer.text);
    save("solution=added+an+index&user=ana").await.expect(303);
    assert_eq!(app.incident(1).await["status"], "notified");
    save("solution=added+an+index&user=ana&resolved=yes").await.expect(303);
    assert_eq!(app.incident(1).await["status"], "resolved");
    let memory = app.get("/memory?q=index").await.expect(200).text;
    assert_eq!(memory.matches("added an index").count(), 1, "{memory}");
    assert!(app.get("/memory?q=100%25").await.expect(200).text.contains("Nothing in memory"));
}

#[tokio::test]
async fn a_browser_sees_a_mistake_on_a_page_and_a_program_as_a_problem() {
    let app = App::new();
    for (path, status) in [("/incidents/7", 404), ("/incidents/x", 400), ("/nowhere", 404), ("/?severity=%3Cb%3E", 422)]
    {
        let browser = App::local(Method::GET, path).header("accept", "text/html,*/*").body("".into()).unwrap();
        let page = app.request(browser).await.expect(status);
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"), "{path}");
        assert!(page.text.contains("<h1>") && page.text.contains("href=\"/\"") && !page.text.contains("<b>"), "{path}");
        let problem = app.get(path).await.expect(status);
        assert_eq!(problem.headers["content-type"], "application/problem+json", "{path}");
    }
    let program = App::local(Method::GET, "/api/v1/incidents/7").header("accept", "text/html").body("".into()).unwrap();
    assert_eq!(app.request(program).await.expect(404).headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let page = App::new().get("/").await.expect(200);
    assert!(page.text.contains("No incidents") && page.text.contains("foghorn simulate"));
}

#[tokio::test]
async fn a_page_holds_fifty_rows_however_many_are_asked_for() {
    let mut app = App::new();
    let services =
        (0..60).map(|n| event(&format!("service-{n}"), "log", "FATAL disk is full: no space left on device"));
    app.send_all(services.collect()).await;
    app.settle().await;
    for (path, rows) in [("/?limit=200", 50), ("/?limit=7", 7), ("/audit?limit=200", 50)] {
        assert_eq!(app.get(path).await.expect(200).text.matches("data-item").count(), rows, "{path}");
    }
    assert_eq!(app.get("/api/v1/incidents?limit=200").await.json()["items"].as_array().unwrap().len(), 60);
}

#[tokio::test]
async fn tabs_count_within_what_the_list_is_narrowed_to() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.send(event("search", "log", "FATAL disk is full: no space left on device")).await;
    app.settle().await;
    app.act(1, "ack").await.expect(200);
    let count = |page: &Answer, tab: &str| {
        let rest = page.text.split(&format!("id=\"tab-{tab}\"")).nth(1).unwrap();
        rest.split("class=\"count\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let all = app.get("/").await.expect(200);
    assert_eq!(["new", "acknowledged", "all"].map(|tab| count(&all, tab)), ["1", "1", "2"]);
    let orders = app.get("/?q=timeout&status=acknowledged").await.expect(200);
    assert_eq!(["new", "acknowledged", "all"].map(|tab| count(&orders, tab)), ["0", "1", "1"]);
    assert!(orders.text.contains("href=\"/?status=open,notified&amp;q=timeout\""), "a tab keeps the search");
}

#[tokio::test]
async fn rates_count_events_where_they_arrived_and_only_those_of_the_incident() {
    let mut app = App::new();
    let from = app.clock.now();
    for minute in 0..10 {
        let (orders, others) = (if minute == 7 { 3 } else { 1 }, 2);
        for _ in 0..orders {
            app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
        }
        for _ in 0..others {
            app.send(event("search", "log", "nothing is wrong here")).await;
        }
        app.advance(SignedDuration::from_mins(1));
    }
    app.settle().await;
    let store = &app.handles.store;
    let to = from + SignedDuration::from_mins(10);
    let rates = store.rates(vec![1, 999], from, to, 10).await.unwrap();
    assert_eq!(rates, [vec![1, 1, 1, 1, 1, 1, 1, 3, 1, 1], vec![0; 10]]);
    let late = store.rates(vec![1], to - SignedDuration::from_mins(4), to, 2).await.unwrap();
    assert_eq!(late, [[4, 2]]);
    assert!(app.get("/").await.text.contains("<path d=\"M"));
}

#[tokio::test]
async fn services_show_their_open_incidents_and_their_events() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.send_all((0..3).map(|_| event("search", "log", "nothing is wrong here")).collect()).await;
    app.settle().await;
    let services = app.handles.store.services().await.unwrap();
    let rows: Vec<_> =
        services.iter().map(|row| (row.service.as_str(), row.open_incidents, row.events_last_day)).collect();
    assert_eq!(rows, [("orders", 1, 1), ("search", 0, 3)]);
    let page = app.get("/services").await.expect(200).text;
    assert!(page.contains("/?status=open,notified,acknowledged,needs_info&amp;service=orders"), "{page}");
    app.advance(SignedDuration::from_hours(25));
    let services = app.handles.store.services().await.unwrap();
    assert!(services.iter().all(|row| row.events_last_day == 0), "{services:?}");
}

#[tokio::test]
async fn the_audit_page_says_up_to_where_the_chain_was_checked() {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    app.act(1, "ack").await.expect(200);
    assert!(app.get("/audit").await.text.contains("Nobody has had it checked"));
    submit(&app, "/audit/verify", OWN, "").await.expect(303);
    let rows = app.audit().await.len();
    let page = app.get("/audit").await.expect(200).text;
    assert!(page.contains(&format!("Whole up to row {rows}")), "{page}");
}

#[tokio::test]
async fn pages_are_compressed_and_streams_and_json_are_not() {
    let app = App::new();
    let get = |path: &str| App::local(Method::GET, path).header("accept-encoding", "gzip").body("".into()).unwrap();
    for (path, is_compressed) in [("/", true), ("/assets/foghorn.css", true), ("/api/v1/incidents", false)] {
        let answer = app.request(get(path)).await.expect(200);
        assert_eq!(answer.headers.contains_key("content-encoding"), is_compressed, "{path}");
    }
}

/// Opens `/live` and answers its lines.
fn live(server: &Server, mark: &str) -> impl Iterator<Item = String> + use<> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let host = server.address;
    write!(stream, "GET /live?mark={mark} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
    BufReader::new(stream).lines().map_while(Result::ok)
}

#[test]
fn an_open_page_hears_of_every_change_and_holds_up_no_stop() {
    let mut server = Server::start();
    let page = server.request_text("GET", "/", "").unwrap().1;
    let mark = page.split("data-mark=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut lines = live(&server, &mark);
    assert!(lines.next().unwrap().contains("200"));
    server.run(&["simulate", "db_timeout", "--count", "1"]);
    assert!(lines.any(|line| line == "event: incidents"), "the stream ended without an event");
    // Who comes with an old mark is told at once.
    assert!(live(&server, &mark).any(|line| line == "event: incidents"));
    let asked = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "an open stream kept the server from stopping");
    assert_eq!(lines.filter(|line| line.starts_with("event:")).count(), 0, "nothing after the end");
}

#[test]
fn no_more_streams_are_open_at_once_than_there_is_room_for() {
    let server = Server::start();
    let mut streams: Vec<_> = (0..256).map(|_| live(&server, "x")).collect();
    for stream in &mut streams {
        assert!(stream.next().unwrap().contains("200"));
    }
    assert!(live(&server, "x").next().unwrap().contains("503"));
    drop(streams.pop());
    server.wait_until("there is room again", |server| live(server, "x").next().unwrap().contains("200"));
}
