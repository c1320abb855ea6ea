//! What a webhook's receiver gets, and what its answers mean.

use crate::common::{incident, message, now};
use foghorn_domain::incident::Status;
use foghorn_domain::notification::Reason;
use foghorn_outbound::guarded::{GuardSettings, GuardedClient};
use foghorn_outbound::webhook::{WebhookEvent, WebhookKind, WebhookSecret, WebhookTarget, send};
use foghorn_outbound::{Receipt, Retry, SendError};
use foghorn_testkit::hooks::{HookServer, Recorded, Scripted};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn client() -> GuardedClient {
    let settings = GuardSettings { allow: vec!["127.0.0.1".to_owned()], ..GuardSettings::default() };
    GuardedClient::new(settings).unwrap()
}

fn target(url: String, secrets: &[&str]) -> WebhookTarget {
    WebhookTarget { url, secrets: secrets.iter().map(|secret| WebhookSecret::parse(secret).unwrap()).collect() }
}

fn event() -> WebhookEvent {
    WebhookEvent::new(WebhookKind::Told(Reason::Opened), 12, 0, &incident(), &message(), now())
}

async fn sent_to(server: &HookServer) -> Result<Receipt, SendError> {
    send(&client(), &target(server.url("/hook"), &[SECRET]), &event(), now()).await
}

/// What the receiver's side of the documentation makes of a request.
fn verified(secret: &str, request: &Recorded, now: i64) -> bool {
    let python = if std::path::Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    let program = concat!(
        include_str!("verify_webhook.py"),
        "\nimport json, sys\ngiven = json.load(sys.stdin)\n",
        "print(verify(given['secret'], given['headers'], given['body'].encode(), given['now']))\n"
    );
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        names.map(|name| (name.to_owned(), json!(request.header(name)))).into_iter().collect();
    let given =
        json!({ "secret": secret, "headers": headers, "now": now, "body": str::from_utf8(&request.body).unwrap() });
    let mut child =
        Command::new(python).args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    assert!(said.status.success());
    said.stdout.starts_with(b"True")
}

#[tokio::test]
async fn a_webhook_says_what_happened() {
    let server = HookServer::start().await;
    let receipt = sent_to(&server).await.unwrap();
    assert_eq!(receipt.provider_id.as_deref(), Some("foghorn-notification-12"));
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.uri.path()), ("POST", "/hook"));
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-id"), "foghorn-notification-12");
    assert_eq!(request.header("webhook-timestamp"), now().as_second().to_string());
    insta::assert_json_snapshot!(request.json());
}

#[tokio::test]
async fn its_receiver_can_verify_it_as_documented() {
    let documented = include_str!("../../../../docs/receivers.md");
    for line in include_str!("verify_webhook.py").lines() {
        assert!(documented.contains(line), "docs/receivers.md shows this program, and lacks: {line}");
    }
    let server = HookServer::start().await;
    let both = target(server.url("/hook"), &[NEXT_SECRET, SECRET]);
    send(&client(), &both, &event(), now()).await.unwrap();
    let request = server.requests().remove(0);
    let seconds = now().as_second();
    assert!(verified(SECRET, &request, seconds), "the old secret counts while there are two");
    assert!(verified(NEXT_SECRET, &request, seconds));
    assert!(verified(SECRET, &request, seconds + 299));
    assert!(!verified(SECRET, &request, seconds + 301), "too old");
    assert!(!verified("whsec_ZXZlIGV2ZSBldmUgZXZlIGV2ZSBldmUgZXZl", &request, seconds), "another's secret");
    let changed = Recorded { body: [&request.body[..], b" "].concat().into(), ..request.clone() };
    assert!(!verified(SECRET, &changed, seconds), "another body");
    let mut renamed = request.clone();
    renamed.headers.insert("webhook-id", "foghorn-notification-13".parse().unwrap());
    assert!(!verified(SECRET, &renamed, seconds), "another id");
}

#[test]
fn another_attempt_has_the_same_id_and_the_same_body() {
    assert_eq!((event().id(), event().body()), (event().id(), event().body()));
    let kind = WebhookKind::Changed(Status::Resolved);
    let edit = WebhookEvent::new(kind, 12, 3, &incident(), &message(), now());
    assert_eq!(edit.id(), "foghorn-notification-12-edit-3");
    let body: serde_json::Value = serde_json::from_slice(&edit.body()).unwrap();
    assert_eq!(body["type"], "incident.resolved");
}

#[tokio::test]
async fn each_answer_says_whether_to_try_again() {
    let check = async |scripted: Scripted, code: &str, retry: Retry, may_have_landed: bool| {
        let server = HookServer::with_script([scripted.clone()]).await;
        let error = sent_to(&server).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.retry, error.may_have_landed),
            (code, retry, may_have_landed),
            "{scripted:?}: {error}"
        );
        assert!(!error.detail.contains("private"), "what a receiver says is not repeated: {error}");
        assert_eq!(server.requests().len(), 1, "{scripted:?}");
    };
    check(Scripted::body(400, "private"), "refused", Retry::Never, false).await;
    check(Scripted::status(401), "login_refused", Retry::Never, false).await;
    check(Scripted::status(404), "refused", Retry::Never, false).await;
    check(Scripted::status(410), "gone", Retry::Never, false).await;
    let after = Retry::After(Duration::from_secs(30));
    check(Scripted::retry_after(429, "30"), "rate_limited", after, false).await;
    check(Scripted::body(500, "private"), "server_error", Retry::Backoff, true).await;
    check(Scripted::retry_after(503, "30"), "server_error", after, false).await;
    check(Scripted::redirect(302, "/elsewhere"), "redirected", Retry::Never, false).await;
    check(Scripted::redirect(307, "http://169.254.169.254/"), "address_refused", Retry::Never, false).await;
    check(Scripted::HangUp, "interrupted", Retry::Backoff, true).await;
    let taken =
        [Scripted::status(200), Scripted::status(202), Scripted::status(204), Scripted::BreakOff, Scripted::Flood];
    for scripted in taken {
        let server = HookServer::with_script([scripted.clone()]).await;
        assert!(sent_to(&server).await.is_ok(), "{scripted:?}");
    }
}

#[tokio::test]
async fn an_unusable_target_is_a_persons_to_mend() {
    let check = async |url: &str, secrets: &[&str], code: &str| {
        let error = send(&client(), &target(url.to_owned(), secrets), &event(), now()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retry, error.may_have_landed), (code, Retry::Never, false), "{url}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    };
    check("http://127.0.0.1:1/hunter2", &[], "bad_receiver").await;
    check("hunter2", &[SECRET], "bad_receiver").await;
    check("ftp://example.org/hunter2", &[SECRET], "bad_receiver").await;
    check("http://192.168.0.1/hunter2", &[SECRET], "address_refused").await;
    assert!(!format!("{:?}", target("https://x/hunter2".to_owned(), &[SECRET])).contains("hunter2"));
}
