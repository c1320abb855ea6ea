use super::*;
use foghorn_domain::incident::Action;
use serde_json::json;

fn form(payload: &Value) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish().into_bytes()
}

/// A click as Slack's documentation shows it, with what does not concern Foghorn left in.
fn click() -> Value {
    json!({
        "type": "block_actions",
        "user": { "id": "U061F7AUR", "username": "john.doe", "name": "john.doe", "team_id": "T061EG9R6" },
        "api_app_id": "A0AAAAA",
        "token": "Shh_its_a_seekrit",
        "container": { "type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX" },
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "team": { "id": "T061EG9R6", "domain": "example" },
        "enterprise": null,
        "is_enterprise_install": false,
        "channel": { "id": "CBR2V3XEX", "name": "incident-alerts" },
        "message": { "type": "message", "ts": "1548261231.000200", "text": "…" },
        "response_url": "https://hooks.slack.com/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
        "actions": [{ "action_id": "ack", "block_id": "actions", "type": "button", "value": "123",
                      "action_ts": "1548426417.840180" }],
    })
}

fn submission() -> Value {
    json!({
        "type": "view_submission",
        "team": { "id": "T061EG9R6" },
        "user": { "id": "U061F7AUR", "name": "john.doe", "team_id": "T061EG9R6" },
        "view": {
            "callback_id": "add_solution",
            "private_metadata": "123",
            "state": { "values": {
                "solution": { "solution": { "type": "plain_text_input", "value": " raised max_connections\nto 200 " } },
                "resolve": { "resolve": { "type": "checkboxes", "selected_options": [{ "value": "resolve" }] } },
            } },
        },
    })
}

/// The payload with one place set, or taken away by null.
fn with(mut payload: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = payload.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(name)
    } else {
        parent.insert(name.to_owned(), value)
    };
    payload
}

fn error(payload: &Value) -> String {
    parse(&form(payload)).unwrap_err().to_string()
}

#[test]
fn a_click_is_read_with_everything_that_is_needed_to_answer_it() {
    let Ok(Interaction::Click(read)) = parse(&form(&click())) else { panic!() };
    assert_eq!((read.action, read.incident_id), (Button::Act(Action::Ack), 123));
    assert_eq!((&read.person.name[..], &read.person.id[..], read.person.is_stranger), ("john.doe", "U061F7AUR", false));
    assert_eq!(read.team_id.as_deref(), Some("T061EG9R6"));
    assert_eq!(read.channel_id.as_deref(), Some("CBR2V3XEX"));
    assert_eq!(read.message_ts.as_deref(), Some("1548261231.000200"));
    assert!(read.trigger_id.unwrap().starts_with("12321423423."));
    assert!(read.response_url.unwrap().starts_with("https://hooks.slack.com/"));
}

#[test]
fn every_button_is_known_by_its_action_id() {
    for word in ["ack", "info", "resolve", "false_positive", "add_solution", "reopen"] {
        let mut payload = click();
        payload["actions"][0]["action_id"] = json!(word);
        let Ok(Interaction::Click(read)) = parse(&form(&payload)) else { panic!("{word}") };
        assert_eq!(read.action.as_str(), word);
    }
}

#[test]
fn what_is_wrong_with_a_click_is_named() {
    let check = |place: &str, value: Value, expected: &str| {
        assert_eq!(error(&with(click(), place, value)), expected);
    };
    check("/type", Value::Null, "payload has no type");
    check("/actions", Value::Null, "payload has no actions");
    check("/actions", json!([]), "payload has no actions");
    check("/actions", json!([7]), "payload has no actions");
    check("/actions", json!("ack"), "payload has no actions");
    check("/user", Value::Null, "payload has no user");
    check("/user", json!({ "name": "john.doe" }), "payload has no user");
    check("/user", json!([]), "payload has no user");
    let value = |value: Value| error(&with(click(), "/actions", json!([{ "action_id": "ack", "value": value }])));
    let wrong = |quoted: &str| format!("the action's value is not a positive integer: {quoted}");
    assert_eq!(value(json!("0")), wrong("0"));
    assert_eq!(value(json!("-1")), wrong("-1"));
    assert_eq!(value(json!("+1")), wrong("+1"));
    assert_eq!(value(json!("1.0")), wrong("1.0"));
    assert_eq!(value(json!(1.5)), wrong("1.5"));
    assert_eq!(value(json!("abc")), wrong("abc"));
    assert_eq!(value(json!("")), wrong(""));
    assert_eq!(value(json!("１２")), wrong("１２"));
    assert_eq!(value(json!("9223372036854775808")), wrong("9223372036854775808"));
    assert_eq!(value(json!([1])), wrong("none"));
    assert_eq!(value(json!("\u{1b}[2J".repeat(99))), wrong(""));
    let action = |action: Value| error(&with(click(), "/actions", json!([action])));
    assert_eq!(action(json!({ "action_id": "drop", "value": "1" })), "unknown action: drop");
    assert_eq!(action(json!({ "value": "1" })), "unknown action: ");
    assert_eq!(action(json!({ "action_id": "x".repeat(900) })).chars().count(), "unknown action: ".len() + 60);
}

#[test]
fn a_number_counts_as_the_value_it_is() {
    let payload = with(click(), "/actions", json!([{ "action_id": "resolve", "value": 7 }]));
    let Ok(Interaction::Click(read)) = parse(&form(&payload)) else { panic!() };
    assert_eq!(read.incident_id, 7);
}

#[test]
fn a_body_without_a_payload_is_refused() {
    let check = |body: &[u8], expected: &str| assert_eq!(parse(body).unwrap_err().to_string(), expected);
    check(b"", "payload is missing");
    check(b"payload=", "payload is missing");
    check(b"payload=%20", "payload is missing");
    check(b"other=1", "payload is missing");
    check(br#"{"type":"block_actions"}"#, "payload is missing");
    check(b"\xff\xfe\0", "payload is missing");
    check(b"payload=%7B", "payload is not JSON");
    check(b"payload=%ff%fe", "payload is not JSON");
    check(b"payload=null", "payload is not an object");
    check(b"payload=%5B%5D", "payload is not an object");
    check(format!("payload={}", "[".repeat(100_000)).as_bytes(), "payload is not JSON");
    check(&vec![b'a'; MAX_BODY + 1], "the body is too large");
    let truncated = form(&click());
    check(&truncated[..truncated.len() / 2], "payload is not JSON");
}

#[test]
fn a_person_without_a_name_goes_by_the_id() {
    let name = |user: Value| match parse(&form(&with(click(), "/user", user))) {
        Ok(Interaction::Click(click)) => click.person.name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(json!({ "id": "U1" })), "U1");
    assert_eq!(name(json!({ "id": "U1", "username": "", "name": null })), "U1");
    assert_eq!(name(json!({ "id": "U1", "name": "ana" })), "ana");
    assert_eq!(name(json!({ "id": "U1", "username": "\u{202e}b\u{1b}[1mob\n", "name": "x" })), "bob");
}

#[test]
fn people_of_another_workspace_are_strangers() {
    let stranger = |user: Value| match parse(&form(&with(click(), "/user", user))) {
        Ok(Interaction::Click(click)) => click.person.is_stranger,
        other => panic!("{other:?}"),
    };
    assert!(!stranger(json!({ "id": "U1", "team_id": "T061EG9R6" })));
    assert!(!stranger(json!({ "id": "U1" })));
    assert!(stranger(json!({ "id": "U1", "team_id": "T0THERS" })));
    assert!(stranger(json!({ "id": "U1", "team_id": "T061EG9R6", "is_stranger": true })));
}

#[test]
fn a_form_is_read_as_it_was_filled_in() {
    let Ok(Interaction::Submission(read)) = parse(&form(&submission())) else { panic!() };
    assert_eq!((read.incident_id, read.resolve), (123, true));
    assert_eq!(read.solution, "raised max_connections\nto 200");
    assert_eq!(read.person.name, "john.doe");
    let unticked = with(submission(), "/view/state/values/resolve/resolve/selected_options", json!([]));
    let Ok(Interaction::Submission(read)) = parse(&form(&unticked)) else { panic!() };
    assert!(!read.resolve);
}

#[test]
fn what_is_wrong_with_a_form_is_named() {
    let value = "/view/state/values/solution/solution/value";
    assert_eq!(error(&with(submission(), value, json!(" \n"))), "the form has no solution");
    assert_eq!(error(&with(submission(), "/view/state", Value::Null)), "the form has no solution");
    assert_eq!(error(&with(submission(), "/user", Value::Null)), "payload has no user");
    let metadata = error(&with(submission(), "/view/private_metadata", json!("")));
    assert_eq!(metadata, "the form's private_metadata is not a positive integer: ");
}

#[test]
fn what_foghorn_does_not_act_on_is_ignored_by_name() {
    let check = |payload: Value, kind: &str| {
        assert_eq!(parse(&form(&payload)), Ok(Interaction::Ignored { kind: kind.to_owned() }));
    };
    check(json!({ "type": "view_closed" }), "view_closed");
    check(json!({ "type": "shortcut", "callback_id": "x" }), "shortcut");
    check(with(submission(), "/view/callback_id", json!("another_form")), "view_submission");
}

#[test]
fn a_slash_command_is_read() {
    let body = b"token=x&team_id=T1&enterprise_id=E1&channel_id=C1&user_id=U1&user_name=ana&command=%2Ffoghorn&\
                 text=+ack+7+&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1&trigger_id=13.37&text=second";
    let command = parse_command(body).unwrap();
    assert_eq!((&command.command[..], &command.text[..]), ("/foghorn", "ack 7"));
    assert_eq!((&command.person.name[..], command.person.team_id.as_deref()), ("ana", Some("T1")));
    assert_eq!(command.person.enterprise_id.as_deref(), Some("E1"));
    assert_eq!((command.channel_id.as_deref(), command.trigger_id.as_deref()), (Some("C1"), Some("13.37")));
    assert_eq!(command.response_url.as_deref(), Some("https://hooks.slack.com/commands/1"));
    let check = |body: &[u8], expected: &str| assert_eq!(parse_command(body).unwrap_err().to_string(), expected);
    check(b"text=ack", "command is missing");
    check(b"command=%2Ffoghorn", "payload has no user");
    check(&vec![b'a'; MAX_BODY + 1], "the body is too large");
    assert_eq!(parse_command(b"command=/foghorn&user_id=U1").unwrap().text, "");
}

#[test]
fn addresses_and_ids_that_are_too_long_are_dropped_not_cut() {
    let payload = with(click(), "/response_url", json!(format!("https://hooks.slack.com/{}", "a".repeat(3_000))));
    let Ok(Interaction::Click(read)) = parse(&form(&payload)) else { panic!() };
    assert_eq!(read.response_url, None);
}
