//! Who may call, and from where: every route, with and without what it asks for.

use axum::body::Body;
use axum::http::{Method, Request};
use foghorn_pipeline::access_keys::Wanted;
use foghorn_pipeline::act::Actor;
use foghorn_testkit::{App, event};
use serde_json::json;

const TOKEN: &str = "the-token-of-this-test";
const KEY: &str = "the-intake-key-of-this-test";

fn exposed() -> App {
    App::with_web(|web| {
        web.listen = "0.0.0.0:8000".parse().unwrap();
        web.api_token = Some(TOKEN.to_owned());
        web.intake_key = Some(KEY.to_owned());
    })
}

async fn status(app: &App, method: &Method, path: &str, bearer: Option<&str>) -> u16 {
    let mut request = Request::builder().method(method).uri(path).header("host", "foghorn.example");
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = event("a", "log", "x").to_string();
    app.request(request.body(Body::from(body)).unwrap()).await.status.as_u16()
}

/// Every route of the OpenAPI document, and the pages, with what it is for.
fn routes() -> Vec<(Method, String, &'static str)> {
    let document = serde_json::to_value(foghorn_web::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| ["get", "post", "put", "patch", "delete"].contains(&name.as_str()))
        {
            let is_intake = methods[method]["tags"][0] == "intake";
            if methods[method]["tags"][0] == "slack" {
                // Signatures take the place of tokens there; the tests of Slack are about them.
                continue;
            }
            let is_open = ["/health", "/healthz", "/readyz"].contains(&path.as_str());
            let purpose = if is_open {
                "open"
            } else if is_intake {
                "intake"
            } else {
                "read"
            };
            let path = path.replace("{id}", "1").replace("{scenario}", "xss").replace("{incident_type}", "xss");
            routes.push((Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path, purpose));
        }
    }
    for path in
        ["/", "/incidents/1", "/services", "/memory", "/memory/edit?id=x", "/audit", "/settings", "/openapi.json"]
    {
        routes.push((Method::GET, path.to_owned(), "read"));
    }
    for path in [
        "/incidents/1/actions",
        "/incidents/1/memory",
        "/memory/act",
        "/memory/edit",
        "/audit/verify",
        "/settings/keys",
        "/settings/keys/1/revoke",
    ] {
        routes.push((Method::POST, path.to_owned(), "read"));
    }
    routes
}

#[tokio::test]
async fn off_loopback_every_route_asks_for_what_it_needs() {
    let app = exposed();
    for (method, path, purpose) in routes() {
        let nothing = status(&app, &method, &path, None).await;
        let wrong = status(&app, &method, &path, Some("wrong")).await;
        let key = status(&app, &method, &path, Some(KEY)).await;
        let token = status(&app, &method, &path, Some(TOKEN)).await;
        let refused = match purpose {
            "open" => vec![],
            "intake" => vec![nothing, wrong],
            _ => vec![nothing, wrong, key],
        };
        assert!(refused.iter().all(|status| *status == 401), "{method} {path} is {purpose}: {refused:?}");
        assert_ne!(token, 401, "{method} {path}");
        if purpose == "intake" {
            assert_ne!(key, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_route_holds_a_key_to_its_scope() {
    let app = exposed();
    let actor = Actor { who: "ana".to_owned(), on_behalf_of: None, via: "cli" };
    let mut keys = Vec::new();
    for scope in ["intake", "read", "act"] {
        let wanted = Wanted::parse(scope, scope, None, None, None).unwrap();
        keys.push((scope, app.handles.keys.add(wanted, &actor).await.unwrap().1));
    }
    let asks_by_post = ["/semantic-search", "/api/v1/silences/preview", "/audit/verify"];
    for (method, path, purpose) in routes() {
        let is_of_keys = path.contains("/keys") && method == Method::POST;
        for (scope, key) in &keys {
            let may = match (purpose, *scope) {
                ("open", _) => true,
                ("intake", scope) => scope == "intake",
                (_, "act") => !is_of_keys,
                (_, "read") => method == Method::GET || asks_by_post.contains(&path.as_str()),
                _ => false,
            };
            let status = status(&app, &method, &path, Some(key.expose())).await;
            // A form that is none is refused before anybody asks what it would have done.
            let is_refused = status == 403 || (is_of_keys && status == 415);
            assert_eq!(!is_refused, may, "{scope}: {method} {path} {status}");
            assert_ne!(status, 401, "{scope}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn the_intake_key_may_stand_in_the_address() {
    let app = exposed();
    let body = || Body::from(event("a", "log", "x").to_string());
    let post = |path: &str| Request::builder().method("POST").uri(path.to_owned()).header("host", "foghorn.example");
    app.request(post(&format!("/in/{KEY}/events")).body(body()).unwrap()).await.expect(200);
    app.request(post("/in/wrong/events").body(body()).unwrap()).await.expect(401);
}

#[tokio::test]
async fn grafana_comes_with_the_key_by_either_method_at_either_address() {
    let app = exposed();
    let alert = r#"{"version":"1","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"HighMem"}}]}"#;
    for method in [Method::POST, Method::PUT] {
        let to = |path: &str| Request::builder().method(&method).uri(path.to_owned()).header("host", "foghorn.example");
        let with_header = to("/webhook/grafana").header("authorization", format!("Bearer {KEY}"));
        app.request(with_header.body(alert.into()).unwrap()).await.expect(200);
        app.request(to(&format!("/in/{KEY}/webhook/grafana")).body(alert.into()).unwrap()).await.expect(200);
        app.request(to("/in/wrong/webhook/grafana").body(alert.into()).unwrap()).await.expect(401);
        app.request(to("/webhook/grafana").body(alert.into()).unwrap()).await.expect(401);
    }
}

#[tokio::test]
async fn on_loopback_host_and_origin_must_be_loopback() {
    let app = App::new();
    let get = |host: &'static str| Request::builder().uri("/api/v1/incidents").header("host", host);
    app.request(get("localhost:8000").body(Body::empty()).unwrap()).await.expect(200);
    app.request(get("evil.example").body(Body::empty()).unwrap()).await.expect(421);
    let request = App::local(Method::POST, "/events").header("origin", "http://evil.example");
    app.request(request.body(event("a", "log", "x").to_string().into()).unwrap()).await.expect(403);
    assert_eq!(app.get("/api/v1/events").await.json()["total"], 0);
}

#[tokio::test]
async fn the_audit_log_names_who_the_token_proves_and_not_who_the_body_says() {
    let mut app = exposed();
    let request = |method: Method, path: &str, body: String| {
        let request = Request::builder().method(method).uri(path.to_owned()).header("host", "foghorn.example");
        request.header("authorization", format!("Bearer {TOKEN}")).body(Body::from(body)).unwrap()
    };
    let sent = event("orders", "log", "ERROR database query timeout after 5000 ms").to_string();
    app.request(request(Method::POST, "/events", sent)).await.expect(200);
    app.settle().await;
    let click = r#"{"action":"ack","user":"mallory"}"#.to_owned();
    app.request(request(Method::POST, "/api/v1/incidents/1/actions", click)).await.expect(200);
    let audit = app.request(request(Method::GET, "/api/v1/audit", String::new())).await.json();
    assert_eq!(audit["items"][0]["who"], "api-token");
    assert_eq!(audit["items"][0]["details"]["on_behalf_of"], "mallory");
}

#[tokio::test]
async fn a_browser_logs_in_with_the_token_and_gets_a_cookie_no_script_can_read() {
    let app = exposed();
    let html = |path: &str| {
        Request::builder().uri(path.to_owned()).header("host", "foghorn.example").header("accept", "text/html")
    };
    let answer = app.request(html("/").body(Body::empty()).unwrap()).await.expect(303);
    assert_eq!(answer.headers["location"], "/login");
    let login = |token: &str| {
        Request::builder()
            .method("POST")
            .uri("/login")
            .header("host", "foghorn.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("token={token}")))
            .unwrap()
    };
    app.request(login("wrong")).await.expect(401);
    let answer = app.request(login(TOKEN)).await.expect(303);
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(TOKEN), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    app.request(html("/").header("cookie", session).body(Body::empty()).unwrap()).await.expect(200);
}

#[tokio::test]
async fn the_stream_of_changes_asks_for_the_token_too() {
    // Not among the routes above: with the token its answer never ends.
    assert_eq!(status(&exposed(), &Method::GET, "/live", None).await, 401);
    assert_eq!(status(&exposed(), &Method::GET, "/live", Some(KEY)).await, 401);
}

#[tokio::test]
async fn wrong_tokens_at_the_log_in_page_are_looked_at_five_times_a_second() {
    let app = exposed();
    let login = || {
        let request = Request::builder().method("POST").uri("/login").header("host", "foghorn.example");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(Body::from("token=wrong")).unwrap()
    };
    let (start, mut looked_at) = (std::time::Instant::now(), 0);
    let refusal = loop {
        let answer = app.request(login()).await;
        if answer.status == 429 {
            break answer;
        }
        answer.expect(401);
        looked_at += 1;
        assert!(looked_at <= 5 * (start.elapsed().as_secs() + 1), "{looked_at}");
    };
    assert_eq!(refusal.headers["retry-after"], "1");
    // What programs present is not slowed by it.
    assert_eq!(status(&app, &Method::GET, "/api/v1/incidents", Some(TOKEN)).await, 200);
}

async fn with_one_incident() -> App {
    let mut app = App::new();
    app.send(event("orders", "log", "ERROR database query timeout after 5000 ms")).await;
    app.settle().await;
    app
}

#[tokio::test]
async fn nobody_may_say_that_they_are_the_system() {
    let app = with_one_incident().await;
    let before = app.audit().await;
    let names = ["agent", "Triage", "FOGHORN", "source", "external", "dashboard", "api-token", " system "];
    for name in names.into_iter().chain(["a\u{200b}gent", &format!("agent{}x", " ".repeat(200))]) {
        let act = json!({ "action": "ack", "user": name });
        let answer = app.post("/api/v1/incidents/1/actions", act).await;
        if name.len() > 100 {
            // Not cut to the name of the system either: white space folds first.
            answer.expect(200);
            continue;
        }
        assert_eq!(answer.expect(400).json()["field"], "user", "{name}");
        let fix = json!({ "solution": "restarted it", "user": name });
        assert_eq!(app.post("/incidents/1/solution", fix).await.expect(400).json()["field"], "user", "{name}");
        for (page, form) in [("actions", "action=ack"), ("memory", "solution=restarted")] {
            let form = format!("{form}&user={}", name.trim().replace('\u{200b}', "%E2%80%8B"));
            let path = format!("/incidents/1/{page}");
            let answer = app.post_bytes(&path, "application/x-www-form-urlencoded", form.into_bytes()).await;
            assert_eq!(answer.expect(400).json()["field"], "user", "{name}");
        }
        assert_eq!(app.audit().await, before, "{name}");
    }
    assert_eq!(app.audit().await.last().unwrap(), "agent x acknowledged");
}

#[tokio::test]
async fn the_audit_log_says_through_what_somebody_acted() {
    let app = with_one_incident().await;
    let act = |agent: &'static str, action: &str| {
        let request = App::local(Method::POST, "/api/v1/incidents/1/actions").header("user-agent", agent);
        request.body(Body::from(json!({ "action": action, "user": "ana" }).to_string())).unwrap()
    };
    app.request(act("foghorn/1.2.3", "ack")).await.expect(200);
    app.request(act("curl/8.0", "info")).await.expect(200);
    let rows = app.get("/api/v1/audit").await.json();
    assert_eq!(
        (&rows["items"][1]["details"]["via"], &rows["items"][0]["details"]["via"]),
        (&"cli".into(), &"http".into())
    );
}

#[tokio::test]
async fn answers_stay_in_no_cache_and_get_no_rights_in_a_browser() {
    let (app, closed) = (with_one_incident().await, exposed());
    let asset = app.get("/").await.text.split("/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for path in ["/", "/incidents/1", "/api/v1/incidents", "/metrics", "/nowhere"] {
        let answer = app.get(path).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_eq!(answer.headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert!(answer.headers["permissions-policy"].to_str().unwrap().contains("camera=()"), "{path}");
    }
    let request = Request::builder().uri("/api/v1/incidents").header("host", "foghorn.example");
    let refusal = closed.request(request.body(Body::empty()).unwrap()).await.expect(401);
    assert_eq!(refusal.headers["cache-control"], "no-store");
    let style = app.get(&format!("/assets/{asset}")).await.expect(200);
    assert!(style.headers["cache-control"].to_str().unwrap().contains("immutable"));
}
