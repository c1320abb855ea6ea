//! Who may call, and from where: every route, with and without what it asks for.

use axum::body::Body;
use axum::http::{Method, Request};
use foghorn_testkit::{App, event};

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
        for method in methods.as_object().unwrap().keys().filter(|name| ["get", "post", "put"].contains(&name.as_str()))
        {
            let is_intake = methods[method]["tags"][0] == "intake";
            let is_open = ["/health", "/healthz", "/readyz"].contains(&path.as_str());
            let purpose = if is_open {
                "open"
            } else if is_intake {
                "intake"
            } else {
                "read"
            };
            let path = path.replace("{id}", "1").replace("{scenario}", "xss");
            routes.push((Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path, purpose));
        }
    }
    for path in ["/", "/incidents/1", "/openapi.json"] {
        routes.push((Method::GET, path.to_owned(), "read"));
    }
    routes.push((Method::POST, "/incidents/1/actions".to_owned(), "read"));
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
async fn the_intake_key_may_stand_in_the_address() {
    let app = exposed();
    let body = || Body::from(event("a", "log", "x").to_string());
    let post = |path: &str| Request::builder().method("POST").uri(path.to_owned()).header("host", "foghorn.example");
    app.request(post(&format!("/in/{KEY}/events")).body(body()).unwrap()).await.expect(200);
    app.request(post("/in/wrong/events").body(body()).unwrap()).await.expect(401);
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
