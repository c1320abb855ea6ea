//! From an event to a message in Slack, and from a click to the audit log.

use crate::python::python;
use foghorn_domain::clock::SignedDuration;
use foghorn_testkit::{App, FakeSlack, Fault, Hand, SlackMessage, event};
use serde_json::{Value, json};

/// A Slack and a Foghorn that has told it of one incident.
async fn told() -> (FakeSlack, App) {
    let slack = FakeSlack::with_clock(App::clock()).await;
    let mut app = App::at_slack(&slack, "");
    app.send(event("checkout", "log", "ERROR database query timeout after 5000 ms <!channel> & *b*")).await;
    app.tell_everybody().await;
    (slack, app)
}

#[track_caller]
fn only(slack: &FakeSlack) -> SlackMessage {
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.into_iter().next().unwrap()
}

async fn lines_of(app: &App, who: &str) -> Vec<String> {
    app.audit().await.into_iter().filter(|line| line.starts_with(who)).collect()
}

#[tokio::test]
async fn an_incident_is_one_message_in_the_shape_of_the_reference_that_slacks_models_know() {
    let (slack, app) = told().await;
    let message = only(&slack);
    let parts = message.sections();
    assert!(parts[0].starts_with("*Incident #1* — "), "{parts:#?}");
    let begins = ["*Incident #1*", "*AI Summary:*", "*Root causes &amp; fixes:*", "*Previous Similar Incidents:*"];
    for (part, begin) in parts.iter().zip(begins) {
        assert!(part.starts_with(&begin.replace("&amp;", "&")), "{part}");
    }
    assert!(!message.blocks.to_string().contains("<!channel>"), "{:#}", message.blocks);
    assert_eq!(message.buttons(), ["ack", "info", "resolve", "false_positive", "add_solution"]);
    assert!(message.text.contains(" · checkout · ") && message.text.contains(parts[0].lines().nth(1).unwrap()));
    let line = json!({ "text": message.text, "blocks": message.blocks }).to_string();
    assert_eq!(python("validate_blocks.py", &[], &line), "1");
    assert_eq!(app.incident(1).await["status"], "notified");
    assert_eq!(app.audit().await, ["triage opened", "agent notified", "agent slack_sent"]);
    assert_eq!(app.count("SELECT count(*) FROM slack_messages WHERE incident_id = 1 AND message_ts <> ''"), 1);
    assert_eq!(app.metric(r#"foghorn_deliveries_total{kind="slack",outcome="sent"}"#).await, 1.0);
}

#[tokio::test]
async fn a_click_signed_by_slacks_own_code_acknowledges_once() {
    let (slack, mut app) = told().await;
    let seconds = app.clock.now().as_second().to_string();
    let signed = python("sign_click.py", &[FakeSlack::SIGNING_SECRET, "ack", "1", &seconds], "");
    let signed: Value = serde_json::from_str(&signed).unwrap();
    let (body, names) = (signed["body"].as_str().unwrap(), ["X-Slack-Request-Timestamp", "X-Slack-Signature"]);
    let headers = names.map(|name| (name, signed["headers"][name].as_str().unwrap()));
    let first = app.post_form("/slack/actions", body, headers).await.expect(200);
    let expected = json!({ "response_type": "ephemeral", "replace_original": false, "text": "Incident 1 acknowledged by john.doe" });
    assert_eq!(first.json(), expected);
    assert_eq!(app.incident(1).await["status"], "acknowledged");
    // Slack sends it again when the answer got lost.
    let second = app.post_form("/slack/actions", body, headers).await.expect(200);
    assert_eq!(second.json(), expected);
    assert_eq!(lines_of(&app, "john.doe").await, ["john.doe acknowledged"]);
    app.tell_everybody().await;
    let message = only(&slack);
    assert_eq!(message.edits.len(), 1);
    assert!(message.sections()[0].contains("cknowledged by john.doe"), "{:#?}", message.sections());
    // Later than its window it is refused, whoever signed it.
    app.advance(SignedDuration::from_secs(301));
    app.post_form("/slack/actions", body, headers).await.expect(401);
    assert_eq!(lines_of(&app, "john.doe").await.len(), 1);
}

#[tokio::test]
async fn every_button_acts_under_the_name_of_who_pressed_it() {
    let cases = [
        ("ack", "acknowledged", "Incident 1 acknowledged by john.doe"),
        ("info", "needs_info", "Incident 1 "),
        ("resolve", "resolved", "Incident 1 resolved by john.doe"),
        ("false_positive", "false_positive", "Incident 1 "),
    ];
    for (button, status, answer) in cases {
        let (slack, mut app) = told().await;
        let said = app.click(&Hand::john(), button, 1).await;
        assert!(said.starts_with(answer) && said.ends_with("by john.doe"), "{said}");
        assert_eq!(app.incident(1).await["status"], status);
        assert_eq!(lines_of(&app, "john.doe").await.len(), 1, "{button}");
        app.tell_everybody().await;
        let message = &slack.all_messages()[0];
        assert!(message.sections()[0].contains("john.doe"), "{button}: {:#?}", message.sections());
    }
}

#[tokio::test]
async fn two_people_who_click_crosswise_both_get_a_true_answer() {
    let (slack, mut app) = told().await;
    let (john, ana) = (Hand::john(), Hand::of("U2", "ana"));
    let (one, other) = tokio::join!(app.click(&john, "ack", 1), app.click(&ana, "resolve", 1));
    assert_eq!(other, "Incident 1 resolved by ana");
    // Whoever came second reads what is the case.
    let first = one == "Incident 1 acknowledged by john.doe";
    let late = one.starts_with("Incident 1 was not changed:") || one == "Incident 1 is already resolved";
    assert!(first || late, "{one}");
    assert_eq!(app.incident(1).await["status"], "resolved");
    assert_eq!(lines_of(&app, "john.doe").await.len(), usize::from(first));
    assert_eq!(app.click(&john, "resolve", 1).await, "Incident 1 is already resolved");
    app.tell_everybody().await;
    assert!(only(&slack).sections()[0].contains("ana"));
}

#[tokio::test]
async fn who_asks_for_more_gets_it_in_the_thread_once() {
    let (slack, mut app) = told().await;
    let ts = only(&slack).ts;
    let body = Hand::john().under(&ts).click("info", 1);
    for _ in 0..2 {
        app.from_slack("/slack/actions", &body).await.expect(200);
        app.tell_everybody().await;
    }
    let messages = slack.all_messages();
    assert_eq!(messages.len(), 2, "{messages:#?}");
    assert_eq!(messages[1].thread_ts.as_deref(), Some(&*ts));
    assert!(messages[1].blocks.to_string().contains("timeout"), "{:#}", messages[1].blocks);
    let line = json!({ "text": messages[1].text, "blocks": messages[1].blocks }).to_string();
    assert_eq!(python("validate_blocks.py", &[], &line), "1");
    assert_eq!(app.incident(1).await["status"], "needs_info");
    // What was asked for is no telling of its own and is not edited afterwards.
    app.click(&Hand::john(), "resolve", 1).await;
    app.tell_everybody().await;
    assert!(slack.all_messages()[1].edits.is_empty());
}

#[tokio::test]
async fn a_solution_written_in_the_form_is_there_at_the_next_incident() {
    let (slack, mut app) = told().await;
    app.click(&Hand::john(), "add_solution", 1).await;
    assert_eq!(slack.views().len(), 1);
    let line = json!({ "view": slack.views()[0] }).to_string();
    assert_eq!(python("validate_blocks.py", &[], &line), "1");
    let form = Hand::john().submit(1, "raised max_connections to 200", true);
    for _ in 0..2 {
        let answer = app.from_slack("/slack/actions", &form).await.expect(200).json();
        assert_eq!(answer, json!({ "response_action": "clear" }));
    }
    assert_eq!(app.incident(1).await["status"], "resolved");
    assert_eq!(app.count("SELECT count(*) FROM memory_item"), 1);
    app.tell_everybody().await;
    app.advance(SignedDuration::from_hours(3));
    app.send(event("checkout", "log", "ERROR database query timeout after 7000 ms")).await;
    app.tell_everybody().await;
    let last = slack.all_messages().pop().unwrap();
    assert!(last.blocks.to_string().contains("raised max_connections to 200"), "{:#}", last.blocks);
}

#[tokio::test]
async fn a_form_that_slack_does_not_open_is_answered_with_the_command_that_does_the_same() {
    let (slack, app) = told().await;
    slack.fault_on("views.open", Fault::OkFalse("expired_trigger_id"));
    let said = app.click(&Hand::john(), "add_solution", 1).await;
    assert_eq!(said, "Write it as: /foghorn solution 1 what fixed it");
}

#[tokio::test]
async fn what_is_typed_after_foghorn_is_carried_out() {
    let (_slack, mut app) = told().await;
    let john = Hand::john();
    let check = |said: String, part: &str| assert!(said.contains(part), "{said}");
    check(app.type_command(&john, "").await, "/foghorn list");
    check(app.type_command(&john, "list").await, "#1");
    check(app.type_command(&john, "show 1").await, "timeout");
    check(app.type_command(&john, "show 7").await, "There is no incident 7");
    check(app.type_command(&john, "ack 1").await, "Incident 1 acknowledged by john.doe");
    check(app.type_command(&john, "ack seven").await, "needs the number");
    check(app.type_command(&john, "dance").await, "is no command");
    check(app.type_command(&john, "silence 2h service=checkout moving the database").await, "Silence 1 holds until");
    check(app.type_command(&john, "silence forever").await, "Nothing is silenced");
    check(app.type_command(&john, "silences").await, "moving the database");
    check(app.type_command(&john, "unsilence 1").await, "Silence 1 has ended");
    check(app.type_command(&john, "unsilence 9").await, "There is no silence 9");
    check(app.type_command(&john, "resolve 1 raised the pool").await, "Incident 1 resolved by john.doe");
    check(app.type_command(&john, "reopen 1").await, "by john.doe");
    check(app.type_command(&john, "solution 1 restarted it").await, "remembered, john.doe");
    app.settle().await;
    let expected = ["acknowledged", "silence_created", "silence_ended", "resolved", "reopened"];
    let lines = lines_of(&app, "john.doe").await;
    for word in expected {
        assert!(lines.contains(&format!("john.doe {word}")), "{word}: {lines:#?}");
    }
}

#[tokio::test]
async fn strangers_and_borrowed_names_do_not_act() {
    let (_slack, app) = told().await;
    let stranger = Hand::of("U9", "mallory").with("team_id", json!("T0ELSEWHERE"));
    let said = app.click(&stranger, "resolve", 1).await;
    assert!(said.starts_with("Incident 1 was not changed: you are a guest or belong to another workspace"), "{said}");
    assert_eq!(app.incident(1).await["status"], "notified");
    // A person whose name is one of Foghorn's own stands in the audit log by their id.
    assert_eq!(app.click(&Hand::of("U8", "agent"), "ack", 1).await, "Incident 1 acknowledged by U8");
    assert_eq!(lines_of(&app, "U8").await, ["U8 acknowledged"]);
    let nameless = Hand::of("U7", "").with("username", Value::Null);
    assert_eq!(app.click(&nameless, "resolve", 1).await, "Incident 1 resolved by U7");
}

fn asked_who(slack: &FakeSlack) -> usize {
    slack.calls().iter().filter(|call| *call == "users.info").count()
}

#[tokio::test]
async fn a_guest_does_not_act_and_slack_is_asked_about_each_person_once_an_hour() {
    let (slack, app) = told().await;
    let guest = Hand::of("U5", "gil");
    slack.add_user(json!({ "id": "U5", "name": "gil", "is_restricted": true, "team_id": FakeSlack::TEAM }));
    for _ in 0..2 {
        let said = app.click(&guest, "ack", 1).await;
        assert!(said.contains("you are a guest or belong to another workspace"), "{said}");
    }
    assert_eq!(asked_who(&slack), 1);
    // Made a member, he acts as soon as the answer has aged.
    slack.add_user(json!({ "id": "U5", "name": "gil", "team_id": FakeSlack::TEAM }));
    app.advance(SignedDuration::from_mins(59));
    assert!(app.click(&guest, "ack", 1).await.contains("you are a guest"));
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(app.click(&guest, "ack", 1).await, "Incident 1 acknowledged by gil");
    assert_eq!(asked_who(&slack), 2);
}

#[tokio::test]
async fn people_of_another_workspace_are_refused_without_asking_slack() {
    let (slack, app) = told().await;
    let stranger = Hand::of("U9", "mallory").with("team_id", json!("T0ELSEWHERE"));
    assert!(app.click(&stranger, "resolve", 1).await.contains("you are a guest or belong to another workspace"));
    assert_eq!(asked_who(&slack), 0);
}

#[tokio::test]
async fn while_slack_does_not_say_who_it_is_only_known_members_act() {
    let (slack, app) = told().await;
    assert_eq!(app.click(&Hand::john(), "ack", 1).await, "Incident 1 acknowledged by john.doe");
    app.advance(SignedDuration::from_mins(61));
    for fault in [Fault::Status(503), Fault::Cut, Fault::Hang] {
        slack.fault_on("users.info", fault.clone());
        let said = app.click(&Hand::of("U2", "ana"), "resolve", 1).await;
        assert_eq!(said, "Incident 1 was not changed: could not check who you are at Slack, try again in a minute");
        // Within the minute nobody asks again.
        let asked = asked_who(&slack);
        assert!(app.click(&Hand::of("U2", "ana"), "resolve", 1).await.contains("could not check"), "{fault:?}");
        assert_eq!(asked_who(&slack), asked, "{fault:?}");
        app.advance(SignedDuration::from_secs(61));
    }
    slack.fault_on("users.info", Fault::Status(503));
    assert_eq!(app.click(&Hand::john(), "resolve", 1).await, "Incident 1 resolved by john.doe");
    assert_eq!(app.click(&Hand::of("U2", "ana"), "reopen", 1).await, "Incident 1 reopened by ana");
}

#[tokio::test]
async fn without_the_scope_to_ask_everybody_of_the_workspace_acts() {
    let (slack, app) = told().await;
    slack.fault_on("users.info", Fault::OkFalse("missing_scope"));
    assert_eq!(app.click(&Hand::of("U2", "ana"), "ack", 1).await, "Incident 1 acknowledged by ana");
    assert_eq!(app.click(&Hand::of("U2", "ana"), "resolve", 1).await, "Incident 1 resolved by ana");
    assert_eq!(asked_who(&slack), 1);
    assert_eq!(slack.faults_due(), 0);
}

#[tokio::test]
async fn a_silence_typed_once_and_delivered_many_times_at_once_is_one_silence() {
    let (_slack, app) = told().await;
    let body = Hand::john().command("silence 2h service=checkout moving the database");
    let again = || app.from_slack("/slack/commands", &body);
    let (a, b, c, d) = tokio::join!(again(), again(), again(), again());
    for answer in [a, b, c, d] {
        let said = answer.expect(200).json()["text"].as_str().unwrap().to_owned();
        assert!(said.starts_with("Silence 1 holds until") || said.starts_with("It is being done"), "{said}");
    }
    assert_eq!(app.count("SELECT count(*) FROM silences"), 1);
    let said = again().await.expect(200).json()["text"].as_str().unwrap().to_owned();
    assert!(said.starts_with("Silence 1 holds until"), "{said}");
}

#[tokio::test]
async fn a_typed_list_of_silences_names_false_positives_too() {
    let (_slack, app) = told().await;
    app.click(&Hand::john(), "false_positive", 1).await;
    let said = app.type_command(&Hand::john(), "silences").await;
    assert!(said.starts_with("*#1* checkout until") && said.ends_with("(false positive, john.doe)"), "{said}");
}
