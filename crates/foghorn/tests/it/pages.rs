//! The plain pages: everything escaped, no script.

use axum::http::Method;
use foghorn_testkit::{App, event};

#[tokio::test]
async fn hostile_text_stays_text_on_every_page() {
    let mut app = App::new();
    let hostile = "GET /?q=<script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u{202e}\u{1b}[31m HTTP/1.1";
    let mut sent = event("<b>nginx</b>", "http_request", hostile);
    sent["metadata"] = serde_json::json!({ "environment": "<i>prod</i>", "labels": { "<u>": "<s>" } });
    app.send(sent).await;
    app.settle().await;
    for path in ["/", "/incidents/1"] {
        let page = app.get(path).await.expect(200);
        for forbidden in ["<script", "<img", "<b>nginx", "<i>prod", "<u>", "\u{202e}", "\u{1b}"] {
            assert!(!page.text.contains(forbidden), "{path} holds {forbidden:?}");
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
    let press = |origin: &'static str| {
        App::local(Method::POST, "/incidents/1/actions")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", origin)
            .body("action=ack&user=ana&solution=".into())
            .unwrap()
    };
    app.request(press("http://evil.example")).await.expect(403);
    let answer = app.request(press("http://127.0.0.1:8000")).await.expect(303);
    assert_eq!(answer.headers["location"], "/incidents/1");
    assert_eq!(app.incident(1).await["status"], "acknowledged");
    assert!(app.audit().await.contains(&"ana acknowledged".to_owned()));
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let page = App::new().get("/").await.expect(200);
    assert!(page.text.contains("No incidents") && page.text.contains("foghorn simulate"));
}
