//! `/agent/notifications` where no Redis is shared.

use crate::process::Server;
use axum::body::Body;
use axum::http::Method;
use foghorn_testkit::{App, event};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

fn trouble(service: &str) -> serde_json::Value {
    event(service, "log", "ERROR Database connection timeout after 30s")
}

#[tokio::test]
async fn what_has_opened_is_taken_once_and_in_order() {
    let mut app = App::new();
    for service in ["cart", "search", "ledger"] {
        app.send(trouble(service)).await;
    }
    app.settle().await;
    let of_a_page = App::local(Method::GET, "/agent/notifications").header("sec-fetch-site", "cross-site");
    app.request(of_a_page.body(Body::empty()).unwrap()).await.expect(403);
    let taken = app.get("/agent/notifications?limit=2").await.expect(200).json();
    let sources = |taken: &serde_json::Value| -> Vec<String> {
        taken["notifications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["source"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(sources(&taken), ["cart", "search"]);
    assert_eq!(sources(&app.get("/agent/notifications").await.json()), ["ledger"]);
    let mut app = app.restart().await;
    app.send(trouble("late")).await;
    app.settle().await;
    assert_eq!(sources(&app.get("/agent/notifications").await.json()), ["late"]);
    assert_eq!(app.get("/agent/notifications").await.json()["count"], 0);
    for limit in ["0", "201", "x"] {
        let refused = app.get(&format!("/agent/notifications?limit={limit}")).await.expect(400).json();
        assert_eq!(refused["field"], "limit");
    }
    assert_eq!(app.get("/health").await.json()["dependencies"]["redis"], json!({ "status": "not_configured" }));
}

#[test]
fn a_stream_says_what_opens_and_goes_on_where_it_broke_off() {
    let server = Server::start();
    let listen = |last: Option<i64>| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!("GET /agent/notifications/stream HTTP/1.1\r\nhost: {}\r\n{last}\r\n", server.address);
        stream.write_all(head.as_bytes()).unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().contains(" 200 "));
        assert!(lines.by_ref().take_while(|line| !line.is_empty()).any(|line| line.contains("text/event-stream")));
        lines
    };
    let mut heard = listen(None);
    for service in ["cart", "search"] {
        assert_eq!(server.request("POST", "/events", &trouble(service).to_string()).unwrap().0, 200);
    }
    let mut next = |source: &str| heard.by_ref().find(|line| line.starts_with("data:")).unwrap().contains(source);
    assert!(next("cart") && next("search"));
    assert!(listen(Some(1)).find(|line| line.starts_with("data:")).unwrap().contains("search"));
}
