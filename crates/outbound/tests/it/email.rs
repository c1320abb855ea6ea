//! Mails as somebody else's mail server and library understand them.

use crate::common::{message, now};
use foghorn_domain::message::Message;
use foghorn_outbound::email::{MailEnvelope, Mailer};
use foghorn_outbound::{Receipt, Retry, SendError};
use foghorn_testkit::smtp::{ReceivedMail, SmtpOptions, SmtpServer, SmtpTls};
use std::time::Duration;

const FROM: &str = "Foghorn <foghorn@example.org>";

fn mailer(url: &str) -> Mailer {
    Mailer::new(url, FROM, Duration::from_secs(20)).unwrap()
}

fn envelope(to: &[&str]) -> MailEnvelope {
    MailEnvelope {
        to: to.iter().map(|address| (*address).to_owned()).collect(),
        incident_id: 7,
        notification_id: 12,
        is_first: true,
        first_notification_id: None,
        public_host: "foghorn.example.org".to_owned(),
        urgent: false,
        now: now(),
    }
}

/// What a server got of one mail.
async fn received(message: &Message, envelope: &MailEnvelope) -> ReceivedMail {
    let server = SmtpServer::start().await;
    let mailer = mailer(&server.url());
    mailer.send(&mailer.compose(message, envelope).unwrap()).await.unwrap();
    server.wait_for(1).await.remove(0)
}

async fn send(server: &SmtpServer, to: &[&str]) -> Result<Receipt, SendError> {
    let mailer = mailer(&server.url());
    mailer.send(&mailer.compose(&message(), &envelope(to))?).await
}

#[tokio::test]
async fn a_mail_holds_the_message_as_text_and_as_html() {
    let mail = received(&message(), &envelope(&["Ana <ana@example.org>", "bob@example.org"])).await;
    assert_eq!(mail.defects, [""; 0]);
    assert_eq!(mail.sender, "foghorn@example.org");
    assert_eq!(mail.recipients, ["ana@example.org", "bob@example.org"]);
    assert_eq!(mail.content_types, ["multipart/alternative", "text/plain", "text/html"]);
    let headers: Vec<String> = mail.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!("headers", headers.join("\n"));
    insta::assert_snapshot!("text", mail.text);
    insta::assert_snapshot!("html", mail.html.replace('>', ">\n"));
}

#[tokio::test]
async fn mails_about_one_incident_are_one_thread() {
    let first = received(&message(), &envelope(&["ana@example.org"])).await;
    let later = MailEnvelope { notification_id: 31, is_first: false, ..envelope(&["ana@example.org"]) };
    let known = MailEnvelope { first_notification_id: Some(12), ..later.clone() };
    let worse =
        Message { headline: "CRITICAL · worse".to_owned(), reason: Some("Severity raised".to_owned()), ..message() };
    let (later, known) = (received(&worse, &later).await, received(&worse, &known).await);
    let root = "<incident-7@foghorn.example.org>";
    let first_id = "<incident-7.notification-12@foghorn.example.org>";
    assert_eq!(first.header("message-id"), first_id);
    assert_eq!((first.header("references"), first.header("in-reply-to")), (root, ""));
    assert_eq!(later.header("message-id"), "<incident-7.notification-31@foghorn.example.org>");
    assert_eq!((later.header("references"), later.header("in-reply-to")), (root, root));
    assert_eq!(known.header("references"), format!("{root} {first_id}"));
    assert_eq!(known.header("in-reply-to"), first_id);
    assert_eq!(later.header("subject"), format!("Re: {}", first.header("subject")), "a changed one is a new thread");
}

#[test]
fn another_attempt_is_the_same_mail() {
    let mailer = mailer("smtp://localhost");
    let compose = || mailer.compose(&message(), &envelope(&["ana@example.org"])).unwrap();
    assert_eq!(compose().bytes(), compose().bytes());
    assert_eq!(compose().message_id(), "<incident-7.notification-12@foghorn.example.org>");
}

#[tokio::test]
async fn no_text_becomes_a_header_a_recipient_or_markup() {
    let attack = "x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script><img src=http://evil.example/x>\
                  <a href=\"http://evil.example\">log in</a> \"' onload=x =_incident7notification12foghornexampleorg--\n.\nQUIT";
    let evil = || attack.to_owned();
    let wild = Message {
        headline: evil(),
        history: evil(),
        change: Some(evil()),
        reason: Some(evil()),
        title: evil(),
        status_line: evil(),
        ai_summary: evil(),
        causes: vec![evil()],
        similar: vec![evil()],
        related: vec![evil()],
        actions: vec![foghorn_domain::message::ActionButton { action_id: evil(), label: evil(), value: evil() }],
        marked: Some(evil()),
        link: Some("https://foghorn.example.org/\"><script>alert(1)</script>".to_owned()),
    };
    let hostile = MailEnvelope {
        public_host: "x>\r\nBcc: eve@example.org".to_owned(),
        ..envelope(&["ana@example.org", "eve@example.org\r\nBcc: mallory@example.org"])
    };
    let mail = received(&wild, &hostile).await;
    assert_eq!(mail.recipients, ["ana@example.org"]);
    assert_eq!(mail.header("bcc"), "");
    assert_eq!(mail.header("to"), "ana@example.org");
    assert_eq!(mail.header("message-id"), "<incident-7.notification-12@example.org>");
    assert_eq!(mail.content_types, ["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(mail.defects, [""; 0]);
    for forbidden in ["<script", "<img", "<a href=\"http:"] {
        assert!(!mail.html.contains(forbidden), "{forbidden} in {}", mail.html);
    }
    assert!(!mail.text.contains("\nBcc:") && !mail.text.contains("\nQUIT"), "{}", mail.text);
    assert!(mail.html.contains("&lt;script&gt;"));
    assert!(mail.text.trim_end().ends_with("Replies to this mail are not read."), "nothing was cut off: {}", mail.text);
}

#[tokio::test]
async fn no_text_ends_the_mail_or_breaks_its_lines() {
    let long = "漢字".repeat(2000);
    let wild = Message {
        headline: ". begins with a dot".to_owned(),
        history: "From here on".to_owned(),
        title: long.clone(),
        ai_summary: "word".repeat(2000),
        causes: vec![long; 3],
        ..message()
    };
    let long_name = format!("{} <ana@example.org>", "Ana ".repeat(70));
    let to = envelope(&[&long_name, "bob@example.org"]);
    let mail = mailer("smtp://localhost").compose(&wild, &to).unwrap();
    assert!(mail.bytes().is_ascii());
    let longest = mail.bytes().split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest < Some(998), "RFC 5322 allows 998 bytes a line, there are {longest:?}");
    let mail = received(&wild, &to).await;
    assert!(mail.text.starts_with(". begins with a dot\nFrom here on\n"), "{}", mail.text);
    assert!(mail.html.trim_end().ends_with("</html>"), "{}", mail.html);
    assert!(mail.header("subject").starts_with("[Foghorn] 漢字漢字"));
    assert_eq!(mail.defects, [""; 0]);
}

#[tokio::test]
async fn html_loads_nothing_and_its_one_link_is_the_incidents_page() {
    let mail = received(&message(), &envelope(&["ana@example.org"])).await;
    assert_eq!(mail.html.matches("href=").count(), 1);
    assert!(mail.html.contains("href=\"https://foghorn.example.org/incidents/7\""));
    for loads in ["src=", "url(", "<link", "@import", "<script", "<form"] {
        assert!(!mail.html.contains(loads), "{loads}");
    }
    let without = received(&Message { link: None, ..message() }, &envelope(&["ana@example.org"])).await;
    assert_eq!(without.html.matches("href=").count(), 0);
}

#[tokio::test]
async fn an_urgent_mail_stands_out() {
    let plain = received(&message(), &envelope(&["ana@example.org"])).await;
    assert_eq!(plain.header("importance"), "");
    let urgent = received(&message(), &MailEnvelope { urgent: true, ..envelope(&["ana@example.org"]) }).await;
    assert_eq!((urgent.header("importance"), urgent.header("x-priority")), ("high", "1"));
}

#[tokio::test]
async fn a_refused_recipient_does_not_keep_it_from_the_others() {
    let server = SmtpServer::start().await;
    let to = ["refused@example.org", "ana@example.org", "no address", "later@example.org", "Ana <ana@example.org>"];
    let receipt = send(&server, &to).await.unwrap();
    assert_eq!(server.wait_for(1).await[0].recipients, ["ana@example.org"]);
    assert_eq!(receipt.provider_id.as_deref(), Some("<incident-7.notification-12@foghorn.example.org>"));
    let [no_address, refused, later] = &receipt.left_out[..] else { panic!("{receipt:?}") };
    assert_eq!(no_address, "no address: no mail address");
    assert!(refused.starts_with("refused@example.org: ") && refused.contains("no such mailbox"), "{refused}");
    assert!(later.starts_with("later@example.org: ") && later.contains("not now"), "{later}");
}

#[tokio::test]
async fn each_failure_says_whether_to_try_again_and_whether_it_may_have_landed() {
    let server = SmtpServer::start().await;
    let check = async |to: &[&str], code: &str, retry: Retry, may_have_landed: bool| {
        let error = send(&server, to).await.unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.retry, error.may_have_landed),
            (code, retry, may_have_landed),
            "{to:?}: {error}"
        );
    };
    check(&["no address"], "bad_receiver", Retry::Never, false).await;
    check(&[], "bad_receiver", Retry::Never, false).await;
    check(&["refused@example.org"], "refused", Retry::Never, false).await;
    check(&["later@example.org"], "refused", Retry::Backoff, false).await;
    check(&["refused@example.org", "later@example.org"], "refused", Retry::Backoff, false).await;
    check(&["jürgen@example.org"], "refused", Retry::Never, false).await;
    assert!(server.mails().is_empty());
    check(&["breaks@example.org"], "interrupted", Retry::Backoff, true).await;
    let hasty = Mailer::new(&server.url(), FROM, Duration::from_secs(4)).unwrap();
    let mail = hasty.compose(&message(), &envelope(&["silent@example.org"])).unwrap();
    let error = hasty.send(&mail).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.may_have_landed), ("deadline", true), "{error}");
    let nobody = mailer("smtp://127.0.0.1:1");
    let error = nobody.send(&mail).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.may_have_landed), ("unreachable", false), "{error}");
}

#[tokio::test]
async fn foreign_letters_arrive_where_the_server_takes_them() {
    let server = SmtpServer::start_with(SmtpOptions { utf8: true, ..SmtpOptions::default() }).await;
    send(&server, &["Jürgen <jürgen@example.org>", "ana@example.org"]).await.unwrap();
    assert_eq!(server.wait_for(1).await[0].recipients, ["jürgen@example.org", "ana@example.org"]);
}

#[tokio::test]
async fn mail_is_protected_and_the_server_must_be_who_it_says() {
    for (tls, scheme) in [(SmtpTls::StartTls, "smtp"), (SmtpTls::FromTheStart, "smtps")] {
        let server = SmtpServer::start_with(SmtpOptions { tls, ..SmtpOptions::default() }).await;
        let (port, ca) = (server.port(), server.certificate());
        let url = format!("{scheme}://localhost:{port}?tls=required&ca={}", ca.display());
        let trusting = mailer(&url);
        let mail = trusting.compose(&message(), &envelope(&["ana@example.org"])).unwrap();
        trusting.send(&mail).await.unwrap();
        assert!(server.wait_for(1).await[0].encrypted, "{tls:?}");
        for stranger in [
            format!("{scheme}://localhost:{port}?tls=required"),
            format!("{scheme}://127.0.0.1:{port}?tls=required&ca={}", ca.display()),
        ] {
            let error = mailer(&stranger).send(&mail).await.unwrap_err();
            assert!(!error.may_have_landed && error.retry == Retry::Backoff, "{stranger}: {error:?}");
        }
        assert_eq!(server.mails().len(), 1, "{tls:?}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail_and_no_password() {
    let server = SmtpServer::start().await;
    let strict = mailer(&format!("smtp://ana:geheim@localhost:{}?tls=required", server.port()));
    let mail = strict.compose(&message(), &envelope(&["ana@example.org"])).unwrap();
    let error = strict.send(&mail).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("tls", Retry::Never));
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_log_in_is_used_and_shows_nowhere() {
    let login = Some(("ana@example.org", "g:h@eim/%"));
    let options = SmtpOptions { tls: SmtpTls::StartTls, login, ..SmtpOptions::default() };
    let server = SmtpServer::start_with(options).await;
    let at = format!("localhost:{}?tls=required&ca={}", server.port(), server.certificate().display());
    let right = mailer(&format!("smtp://ana%40example.org:g%3Ah%40eim%2F%25@{at}"));
    let mail = right.compose(&message(), &envelope(&["ana@example.org"])).unwrap();
    right.send(&mail).await.unwrap();
    assert_eq!(server.wait_for(1).await[0].login.as_deref(), Some("ana@example.org"));
    assert!(!format!("{right:?}").contains("eim"), "{right:?}");
    let wrong = mailer(&format!("smtp://ana%40example.org:wrongword@{at}"));
    let error = wrong.send(&mail).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retry), ("login_refused", Retry::Never), "{error}");
    assert!(!format!("{error:?}{wrong:?}").contains("wrongword"));
    let none = mailer(&format!("smtp://{at}"));
    assert_eq!(none.send(&mail).await.unwrap_err().retry, Retry::Never);
}
