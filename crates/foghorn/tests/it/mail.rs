//! Mail: told once, in one thread, and later where the server is not there.

use foghorn_domain::clock::SignedDuration;
use foghorn_slack::Secret;
use foghorn_testkit::smtp::SmtpServer;
use foghorn_testkit::{App, Hand};
use serde_json::{Value, json};

fn check(severity: &str, status: &str) -> Value {
    json!({ "source": "uptime", "type": "check", "status": status, "dedup_key": "api",
            "payload": "api <b>does not</b> answer\r\nBcc: everybody@example.org",
            "metadata": { "severity": severity, "service": "api" } })
}

/// A Foghorn that mails, by a routing file or, where that is empty, everything to `ana`.
fn mailing(url: &str, routing: &str) -> App {
    let (url, routing) = (url.to_owned(), routing.to_owned());
    App::with_receivers(App::clock(), &routing, |receivers| {
        receivers.smtp_url = Some(Secret::new(url));
        receivers.mail_from = "Foghorn <foghorn@example.org>".to_owned();
        receivers.mail_to = vec!["ana@example.org".to_owned()];
    })
}

async fn tell(app: &mut App, event: Value) {
    app.send(event).await;
    app.tell_everybody().await;
}

fn rows(app: &App, status: &str) -> i64 {
    app.count(&format!("SELECT count(*) FROM notifications WHERE receiver <> 'dashboard' AND status = '{status}'"))
}

#[tokio::test]
async fn every_reason_is_one_mail_and_all_are_one_thread() {
    let server = SmtpServer::start().await;
    let mut app = mailing(&server.url(), "");
    tell(&mut app, check("warning", "firing")).await;
    // What only changes is in the dashboard; a mail cannot be changed.
    tell(&mut app, check("warning", "firing")).await;
    app.act(1, "ack").await.expect(200);
    tell(&mut app, check("critical", "firing")).await;
    tell(&mut app, check("critical", "resolved")).await;
    let mails = server.wait_for(2).await;
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let [first, second] = &mails[..] else { panic!() };
    for mail in &mails {
        assert_eq!(mail.recipients, ["ana@example.org"]);
        assert!(mail.defects.is_empty() && mail.header("Bcc").is_empty(), "{mail:#?}");
        assert!(!mail.html.contains("<b>does not</b>"), "{}", mail.html);
        assert!(mail.text.contains("api") && mail.header("Subject").contains("api"), "{mail:#?}");
    }
    assert_ne!(first.header("Message-ID"), second.header("Message-ID"));
    let root = first.header("References");
    assert!(
        !root.is_empty() && second.header("References").contains(root),
        "{root} and {}",
        second.header("References")
    );
    assert!(second.text.contains("Severity raised: it is critical now"), "{}", second.text);
    assert!(app.audit().await.contains(&"agent email_sent".to_owned()));
    assert_eq!(app.metric(r#"foghorn_deliveries_total{kind="email",outcome="sent"}"#).await, 2.0);
}

#[tokio::test]
async fn a_server_that_is_away_gets_the_mail_when_it_is_back() {
    // A port that nobody has, until the server's own is put in its place.
    let mut app = mailing("smtp://127.0.0.1:1", "");
    app.send(check("warning", "firing")).await;
    for _ in 0..5 {
        app.minutes_later(1).await;
    }
    assert_eq!((rows(&app, "pending"), rows(&app, "sent")), (1, 0));
    assert_eq!(app.incident(1).await["status"], "notified");
    assert!(app.audit().await.contains(&"agent email_failed".to_owned()));
    let server = SmtpServer::start().await;
    let mut app = app.restart_with(|settings| settings.receivers.smtp_url = Some(Secret::new(server.url()))).await;
    app.tell_everybody().await;
    assert_eq!(server.wait_for(1).await.len(), 1);
    assert_eq!(rows(&app, "sent"), 1);
}

const MAIL_THEN_MAIL: &str = r#"
fallback = ["everybody"]

[receivers.first]
kind = "email"
to = ["refused@example.org"]

[receivers.everybody]
kind = "email"
to = ["ana@example.org", "bob@example.org"]

[[route]]
receivers = ["first"]
"#;

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_told_elsewhere() {
    let server = SmtpServer::start().await;
    let mut app = mailing(&server.url(), MAIL_THEN_MAIL);
    tell(&mut app, check("critical", "firing")).await;
    let mails = server.wait_for(1).await;
    assert_eq!(mails[0].recipients, ["ana@example.org", "bob@example.org"]);
    assert_eq!((rows(&app, "failed"), rows(&app, "sent")), (1, 1));
    let audit = app.get("/api/v1/audit?limit=200").await.expect(200).json();
    let failed = audit["items"].as_array().unwrap().iter().find(|row| row["action"] == "email_failed").unwrap();
    assert_eq!((&failed["details"]["receiver"], &failed["details"]["given_up"]), (&json!("first"), &json!(true)));
}

#[tokio::test]
async fn a_mail_of_which_nobody_knows_whether_it_arrived_comes_again_under_the_same_name() {
    let server = SmtpServer::start().await;
    let routing = MAIL_THEN_MAIL.replace("refused@", "breaks@");
    let mut app = mailing(&server.url(), &routing);
    app.send(check("warning", "firing")).await;
    app.settle().await;
    app.advance(SignedDuration::from_secs(10));
    app.settle().await;
    let mails = server.wait_for(2).await;
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    assert!(!mails[0].text.contains("may repeat") && mails[1].text.contains("may repeat"), "{}", mails[1].text);
}

#[tokio::test]
async fn mail_and_slack_succeed_and_fail_each_for_itself() {
    let slack = foghorn_testkit::FakeSlack::with_clock(App::clock()).await;
    let mut app = App::with_receivers(slack.clock(), "", |receivers| {
        receivers.slack = slack.settings();
        receivers.smtp_url = Some(Secret::new("smtp://127.0.0.1:1"));
        receivers.mail_from = "foghorn@example.org".to_owned();
        receivers.mail_to = vec!["ana@example.org".to_owned()];
    });
    app.send(check("critical", "firing")).await;
    app.settle().await;
    assert_eq!((slack.all_messages().len(), rows(&app, "sent"), rows(&app, "pending")), (1, 1, 1));
    let said = app.click(&Hand::john(), "ack", 1).await;
    assert_eq!(said, "Incident 1 acknowledged by john.doe");
}
