//! Keeping quiet from the dashboard and from the command line: previewed, begun, listed, ended.

use crate::process::Server;
use axum::http::Method;
use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{Answer, App, event};
use serde_json::{Value, json};

const OWN: &str = "http://127.0.0.1:8000";
const TIMEOUT: &str = "ERROR database query timeout after 5000 ms";

async fn submit(app: &App, path: &str, form: &str) -> Answer {
    let request = App::local(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", OWN);
    app.request(request.body(form.to_owned().into()).unwrap()).await
}

async fn silences(app: &App) -> Vec<Value> {
    app.get("/api/v1/silences?ended=true").await.expect(200).json()["items"].as_array().unwrap().clone()
}

const FILLED: &str =
    "matchers=service+%3D+orders%0D%0Akind+%21%3D+sqli&duration=2h&comment=moving+the+database&user=ana";

/// The hidden field of the preview, as a browser sends it back.
fn begin(preview: &Answer) -> String {
    let rest = preview.text.split("name=\"previewed\" value=\"").nth(1).unwrap();
    let subject = rest.split('"').next().unwrap();
    let encoded = subject.replace('=', "%3D").replace('!', "%21").replace(' ', "+");
    format!("{FILLED}&step=begin&previewed={encoded}")
}

#[tokio::test]
async fn a_silence_is_previewed_then_begun_holds_back_and_is_ended_by_a_form() {
    let mut app = App::new();
    assert!(app.get("/silences").await.expect(200).text.contains("Nothing is silenced"));
    app.send(event("orders", "log", TIMEOUT)).await;
    app.settle().await;
    let preview = submit(&app, "/silences", &format!("{FILLED}&step=preview")).await.expect(200);
    assert!(preview.text.contains("Of the last 24 hours it fits 1 incident."), "{}", preview.text);
    assert!(silences(&app).await.is_empty(), "a preview begins nothing");
    let begun = submit(&app, "/silences", &begin(&preview)).await.expect(303);
    assert_eq!(begun.headers["location"], "/silences#silence-1");
    let silence = silences(&app).await.remove(0);
    assert_eq!(silence["matchers"], json!(["service = orders", "kind != sqli"]));
    assert_eq!((&silence["created_by"], &silence["is_active"]), (&json!("ana"), &json!(true)));

    let report = json!({ "source": "orders", "type": "error", "payload": "invoice run stopped at customer 4711" });
    app.post("/webhook/error-log", report).await.expect(200);
    app.settle().await;
    let page = app.get("/incidents/2?tab=told").await.expect(200).text;
    assert!(page.contains("not told, although it opened") && page.contains("silence 1 by ana"), "{page}");
    assert!(page.contains("Next: told once when silence 1 ends, if it still fires"), "{page}");
    let page = app.get("/silences").await.expect(200).text;
    assert!(page.contains("moving the database") && page.contains("End silence 1 now"), "{page}");
    assert!(page.contains("value=\"\""), "a new form is empty");

    submit(&app, "/silences/1/end", "user=ben").await.expect(303);
    assert!(app.audit().await.contains(&"ben silence_ended".to_owned()));
    app.settle().await;
    let page = app.get("/silences").await.expect(200).text;
    assert!(page.contains("Silences that have ended") && !page.contains("End silence 1 now"), "{page}");
    assert_eq!(app.tellings().await.last().unwrap().1, "silence_ended");
    submit(&app, "/silences/9/end", "user=ben").await.expect(404);
}

#[tokio::test]
async fn what_was_not_previewed_does_not_begin() {
    let app = App::new();
    let preview = submit(&app, "/silences", &format!("{FILLED}&step=preview")).await.expect(200);
    // Something else has been typed since.
    let changed = begin(&preview).replace("duration=2h", "duration=2d");
    let answer = submit(&app, "/silences", &changed).await.expect(200);
    assert!(answer.text.contains("id=\"preview-of\"") && answer.text.contains("That is long."), "{}", answer.text);
    submit(&app, "/silences", &format!("{FILLED}&step=begin")).await.expect(200);
    assert!(silences(&app).await.is_empty());
}

#[tokio::test]
async fn a_fault_stands_at_its_field_and_what_was_typed_is_kept() {
    let app = App::new();
    let typed = |matchers: &str, duration: &str, comment: &str, user: &str| {
        format!("matchers={matchers}&duration={duration}&comment={comment}&user={user}&step=preview")
    };
    for (form, field, why) in [
        (typed("", "2h", "why", "ana"), "matchers", "need an equality on service or team"),
        (typed("kind+%3D+xss", "2h", "why", "ana"), "matchers", "the conditions need an equality on service or team"),
        (typed("service+%3D+a%0Akind+xss", "2h", "why", "ana"), "matchers", "line 2: "),
        (typed("service+%3D+a", "soon", "why", "ana"), "duration", "soon"),
        (typed("service+%3D+a", "91d", "why", "ana"), "duration", "90 days"),
        (typed("service+%3D+a", "2h", "+", "ana"), "comment", "say why"),
        (typed("service+%3D+a", "2h", "why", "agent"), "user", "name of the system"),
    ] {
        let page = submit(&app, "/silences", &form).await.expect(400).text;
        let fault = page.split(&format!("id=\"{field}-wrong\"")).nth(1).unwrap_or_else(|| panic!("{form}: {page}"));
        assert!(fault.split("</p>").next().unwrap().contains(why), "{form}: {fault}");
        assert!(page.contains(&format!("aria-describedby=\"{field}-wrong\"")), "{form}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{form}");
    }
    let page = submit(&app, "/silences", &typed("kind+%3D+%3Cb%3E", "2h", "so+%22it%22+be", "zo%C3%AB")).await.text;
    for kept in ["kind = &lt;b&gt;</textarea>", "value=\"so &quot;it&quot; be\"", "value=\"zoë\"", "value=\"2h\""] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    submit(&app, "/silences", "").await.expect(400);
    assert!(silences(&app).await.is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_begins_and_ends_nothing() {
    let app = App::new();
    let wanted = json!({ "matchers": ["service = orders"], "duration": "2h", "comment": "why", "user": "ana" });
    app.post("/api/v1/silences", wanted).await.expect(201);
    for path in ["/silences", "/silences/1/end", "/settings/test"] {
        let foreign = App::local(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://evil.example");
        app.request(foreign.body("incident_type=xss".into()).unwrap()).await.expect(403);
        app.get(&format!("{path}?end=1")).await;
    }
    assert_eq!(silences(&app).await[0]["is_active"], true);
}

#[tokio::test]
async fn the_page_of_an_incident_leads_to_a_silence_of_its_service() {
    let mut app = App::new();
    app.send(event("orders & <co>", "log", TIMEOUT)).await;
    app.settle().await;
    let page = app.get("/incidents/1").await.expect(200).text;
    let link = page.split("id=\"silence\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = app.get(&link).await.expect(200).text;
    assert!(form.contains("service = orders &amp; &lt;co&gt;</textarea>"), "{form}");
    app.act(1, "resolve").await.expect(200);
    assert!(!app.get("/incidents/1").await.text.contains("id=\"silence\""), "what is over needs no silence");
}

#[tokio::test]
async fn a_preview_over_the_interface_begins_nothing_and_counts_the_team_of_the_route() {
    let routing = "fallback = [\"screen\"]\n[receivers.screen]\nkind = \"dashboard\"\n[teams.payments]\nname = \"Payments\"\n\
                   [[route]]\nmatch = [\"service = orders\"]\nteam = \"payments\"\nreceivers = [\"screen\"]\n";
    let mut app = App::with_receivers(App::clock(), routing, |_| {});
    for service in ["orders", "search"] {
        app.send(event(service, "log", TIMEOUT)).await;
    }
    app.settle().await;
    let wanted = json!({ "matchers": ["team = payments"], "duration": "2h", "comment": "why", "user": "ana" });
    let previewed = app.post("/api/v1/silences/preview", wanted.clone()).await.expect(200).json();
    assert_eq!((&previewed["id"], &previewed["would_have_hidden"]), (&json!(0), &json!(1)), "{previewed:#}");
    assert!(silences(&app).await.is_empty());
    app.post("/api/v1/silences/preview", json!({ "matchers": [] })).await.expect(400);
    let begun = app.post("/api/v1/silences", wanted).await.expect(201).json();
    assert_eq!(begun["would_have_hidden"], 1);
}

#[test]
fn a_silence_is_begun_listed_and_ended_from_the_command_line() {
    let server = Server::start();
    assert_eq!(server.run(&["silence", "list"]), "nothing is silenced\n");
    let words = ["--for", "2h", "service=checkout", "team=payments", "--why", "moving the database"];
    let run = |command: &str, more: &[&str]| server.run(&[&["silence", command], more].concat());
    let said = run("add", &[&words[..], &["--preview"]].concat());
    assert!(said.contains("service = checkout, team = payments; nothing is silenced"), "{said}");
    assert_eq!(run("list", &[]), "nothing is silenced\n");
    let said = run("add", &words);
    assert!(said.starts_with("silence 1 holds until ") && said.contains("it fits 0 incidents"), "{said}");
    let listed = run("list", &[]);
    assert!(listed.contains("holds") && listed.contains("ana") && listed.contains("moving the database"), "{listed}");
    let listed: Value = serde_json::from_str(&run("list", &["--json"])).unwrap();
    assert_eq!(listed["items"][0]["matchers"], json!(["service = checkout", "team = payments"]));
    assert!(run("end", &["1"]).starts_with("silence 1 ended "));
    assert_eq!(run("list", &[]), "nothing is silenced\n");
    assert!(run("list", &["--ended"]).contains("ended"));
    let audit = server.run(&["audit", "list"]);
    assert!(audit.contains("silence_created") && audit.contains("silence_ended"), "{audit}");

    let refused = |arguments: &[&str], why: &str| {
        let output = server.command(&[&["silence"], arguments].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(why), "{error}");
    };
    refused(&["add", "--for", "2h", "kind=xss", "--why", "x"], "need an equality on service or team");
    refused(&["add", "--for", "soon", "service=a", "--why", "x"], "duration: ");
    refused(&["add", "--for", "2h", "service=a", "--why", " "], "comment: is blank; say why");
    refused(&["end", "9"], "there is no silence 9");
}

#[tokio::test]
async fn a_false_positive_is_listed_as_long_as_it_keeps_its_like_quiet() {
    let mut app = App::new();
    app.send(event("orders", "log", TIMEOUT)).await;
    app.settle().await;
    let mutes =
        async |app: &App| app.get("/api/v1/silences").await.expect(200).json()["mutes"].as_array().unwrap().clone();
    assert!(mutes(&app).await.is_empty());
    app.post("/api/v1/incidents/1/actions", json!({ "action": "false_positive", "user": "ana" })).await.expect(200);
    let mute = App::only(&mutes(&app).await).clone();
    let ends_at = (app.clock.now() + SignedDuration::from_hours(7 * 24)).to_string();
    assert_eq!((&mute["kind"], &mute["link"]), (&json!("false_positive"), &json!("/incidents/1")));
    assert_eq!((&mute["created_by"], &mute["service"]), (&json!("ana"), &json!("orders")));
    assert_eq!(mute["ends_at"].as_str().unwrap().get(..19), ends_at.get(..19));
    let page = app.get("/silences").await.expect(200).text;
    assert!(page.contains("False positives") && page.contains("id=\"mute-1\""), "{page}");
    app.advance(SignedDuration::from_hours(7 * 24 + 1));
    assert!(mutes(&app).await.is_empty());
    assert!(!app.get("/silences").await.expect(200).text.contains("mute-1"));
}

#[tokio::test]
async fn a_false_positive_that_is_reopened_is_muted_no_longer() {
    let mut app = App::new();
    app.send(event("orders", "log", TIMEOUT)).await;
    app.settle().await;
    for (action, many) in [("false_positive", 1), ("reopen", 0)] {
        app.post("/api/v1/incidents/1/actions", json!({ "action": action, "user": "ana" })).await.expect(200);
        let mutes = app.get("/api/v1/silences").await.expect(200).json()["mutes"].as_array().unwrap().len();
        assert_eq!(mutes, many, "{action}");
    }
}
