//! Who may call what, and from where.
//!
//! On loopback everything is open, so there a web page in the same person's browser is the danger: `Host`
//! must name loopback (no DNS rebinding) and `Origin`, where there is one, must too. Elsewhere reading and
//! acting need the API token, intake its key (or the API token), and health stays open.

use crate::problem::Problem;
use crate::session;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use foghorn_pipeline::Roles;

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Open,
    Intake,
    ReadAndAct,
}

/// Who is calling, for the audit log. `None` where nothing proves it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) proven: Option<String>,
}

const INTAKE: [&str; 8] = [
    "/events",
    "/webhook/event",
    "/webhook/error-log",
    "/webhook/alertmanager",
    "/webhook/grafana",
    "/api/v2/alerts",
    "/v2/enqueue",
    "/v2/change/enqueue",
];

/// Where a signature over the body takes the place of tokens; whoever handles them checks it.
const SIGNED: [&str; 2] = ["/slack/actions", "/slack/commands"];

const OPEN: [&str; 5] = ["/health", "/healthz", "/readyz", "/login", "/favicon.ico"];

fn purpose(path: &str, method: &Method) -> Purpose {
    if OPEN.contains(&path) || path.starts_with("/assets/") {
        Purpose::Open
    } else if path.starts_with("/in/") || ([Method::POST, Method::PUT].contains(method) && INTAKE.contains(&path)) {
        Purpose::Intake
    } else {
        Purpose::ReadAndAct
    }
}

/// What every process answers, whatever its roles.
const OF_EVERY_ROLE: [&str; 3] = ["/metrics", "/status", "/openapi.json"];

/// The role that an address needs and this process does not have.
fn missing_role(roles: Roles, path: &str, method: &Method) -> Option<&'static str> {
    match purpose(path, method) {
        Purpose::Open => None,
        _ if OF_EVERY_ROLE.contains(&path) => None,
        Purpose::Intake => (!roles.ingest).then_some("ingest"),
        Purpose::ReadAndAct => (!roles.web).then_some("web"),
    }
}

/// Lets in who may come in, to what this process does.
fn check_in(app: &App, request: &Request) -> Result<Caller, Box<Response>> {
    let caller = admit(app, request)?;
    let roles = app.pipeline.settings.roles;
    match missing_role(roles, request.uri().path(), request.method()) {
        None => Ok(caller),
        Some(role) => {
            let detail = format!("this process has the roles {roles}; ask one that has `{role}`");
            let title = "Another process does this";
            Err(Box::new(Problem::new(StatusCode::NOT_FOUND, "other-role", title, detail).into_response()))
        }
    }
}

/// The middleware.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let mut response = match check_in(&app, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => *refusal,
    };
    let headers = response.headers_mut();
    for (name, value) in POLICIES {
        headers.insert(name, value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    // What is known of incidents must not stay in caches; the style sheet and its kin say otherwise themselves.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// On every answer, whatever it is.
const POLICIES: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Our own script, style sheet and pictures, by address; nothing inside of a page runs, no text becomes
/// markup by script, nothing is framed, and forms lead nowhere else.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

fn admit(app: &App, request: &Request) -> Result<Caller, Box<Response>> {
    let headers = request.headers();
    let (path, method) = (request.uri().path(), request.method());
    if SIGNED.contains(&path) {
        // Slack proves itself by its signature, and may come through a tunnel that changes the host.
        return Ok(Caller::default());
    }
    if app.config.listen.ip().is_loopback() && !app.config.require_token {
        check_host(headers, request.uri().host())?;
    }
    check_origin(headers)?;
    let purpose = purpose(path, method);
    if purpose == Purpose::Open {
        return Ok(Caller::default());
    }
    let presented = bearer(headers);
    let token = app.config.api_token.as_deref();
    if let (Some(presented), Some(token)) = (presented, token)
        && session::same(presented, token)
    {
        return Ok(Caller { proven: Some("api-token".to_owned()) });
    }
    if !app.needs_token() {
        return Ok(Caller::default());
    }
    match purpose {
        Purpose::Intake => {
            let in_path = path.strip_prefix("/in/").and_then(|rest| rest.split('/').next());
            let key = app.config.intake_key.as_deref();
            let is_known = [presented, in_path].into_iter().flatten().any(|given| {
                key.is_some_and(|key| session::same(given, key))
                    || token.is_some_and(|token| session::same(given, token))
            });
            if app.config.intake_open || is_known {
                return Ok(Caller::default());
            }
            Err(unauthorized("intake needs its key: `Authorization: Bearer KEY`, or the address /in/KEY/…"))
        }
        _ => {
            let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if token.is_some_and(|token| session::is_valid(cookie, token)) {
                return Ok(Caller { proven: Some("dashboard".to_owned()) });
            }
            if method == Method::GET && wants_html(headers) {
                return Err(Box::new(Redirect::to("/login").into_response()));
            }
            Err(unauthorized("reading and acting need the token: `Authorization: Bearer TOKEN`"))
        }
    }
}

fn unauthorized(detail: &str) -> Box<Response> {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "The caller is not known", detail);
    Box::new(problem.into_response())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let is_known = ["bearer", "geniekey", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_known.then(|| rest.trim())
}

/// Whether a browser asks, for somebody to look at the answer.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn check_host(headers: &HeaderMap, uri_host: Option<&str>) -> Result<(), Box<Response>> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).or(uri_host).unwrap_or_default();
    if is_loopback_host(host) {
        return Ok(());
    }
    let detail = format!(
        "the Host header names `{}`, and this server listens on loopback only; call it as localhost or 127.0.0.1",
        host.chars().take(100).collect::<String>()
    );
    let problem =
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", "The request is for another host", detail);
    Err(Box::new(problem.into_response()))
}

/// A page of another origin may not make the browser send anything here.
fn check_origin(headers: &HeaderMap) -> Result<(), Box<Response>> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let origin_host = origin.split_once("://").map(|(_, rest)| rest);
    if origin_host.is_some_and(|origin_host| origin_host.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::FORBIDDEN,
        "wrong-origin",
        "The request comes from a page of another site",
        "the Origin header does not match the Host header",
    );
    Err(Box::new(problem.into_response()))
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_are_loopback() {
        let check = |host, expected| assert_eq!(is_loopback_host(host), expected, "{host}");
        check("localhost", true);
        check("LOCALHOST:8000", true);
        check("127.0.0.1:8000", true);
        check("127.8.8.8", true);
        check("[::1]:8000", true);
        check("evil.example", false);
        check("localhost.evil.example:8000", false);
        check("127.0.0.1.evil.example", false);
        check("", false);
    }

    #[test]
    fn a_process_answers_what_its_roles_are_for() {
        let check = |roles: &str, method: Method, path, expected| {
            assert_eq!(missing_role(roles.parse().unwrap(), path, &method), expected, "{roles} {method} {path}");
        };
        check("ingest", Method::POST, "/events", None);
        check("ingest", Method::POST, "/in/key/events", None);
        check("ingest", Method::GET, "/", Some("web"));
        check("ingest", Method::POST, "/slack/actions", Some("web"));
        check("web,agent", Method::POST, "/events", Some("ingest"));
        check("web", Method::GET, "/api/v1/incidents", None);
        for path in ["/healthz", "/readyz", "/health", "/metrics", "/status"] {
            check("triage", Method::GET, path, None);
        }
    }

    #[test]
    fn paths_are_for_what_they_are_for() {
        let check = |method: Method, path, expected| assert_eq!(purpose(path, &method), expected, "{method} {path}");
        check(Method::POST, "/events", Purpose::Intake);
        check(Method::GET, "/api/v2/alerts", Purpose::ReadAndAct);
        check(Method::POST, "/api/v2/alerts", Purpose::Intake);
        check(Method::POST, "/in/key/events", Purpose::Intake);
        check(Method::GET, "/healthz", Purpose::Open);
        check(Method::GET, "/metrics", Purpose::ReadAndAct);
        check(Method::POST, "/simulate/xss", Purpose::ReadAndAct);
        check(Method::GET, "/", Purpose::ReadAndAct);
    }
}
