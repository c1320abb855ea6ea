use crate::receiver::{Address, Receiver};
use crate::routing::Routing;
use foghorn_domain::finding::Kind;
use serde_json::{Value, json};

const FILE: &str = "fallback = ['ops']
[receivers.ops]
kind = 'slack'
channel = '#ops'
[receivers.mail]
kind = 'email'
to = ['sec@example.org']
[receivers.sec]
kind = 'slack'
channel = '#sec'
[receivers.hook]
kind = 'webhook'
url = 'https://hooks.example.org/T0/secret?key=hunter2'
secret_env = 'HOOK_SECRET'
[teams.security]
name = 'Security'
[[route]]
name = 'night'
match = ['severity = critical']
when = { from = '22:00', to = '06:00' }
receivers = ['hook']
[[route]]
match = ['kind = sqli']
team = 'security'
receivers = ['sec', 'mail']
escalation = [{ after = '90m', receivers = ['ops'] }]
";

#[test]
fn a_kind_is_shown_with_team_channel_and_recipients_of_its_route() {
    let shown = Routing::parse(FILE).unwrap().route_of_kind(Kind::Sqli);
    assert_eq!(
        shown,
        json!({
            "incident_type": "sqli", "team": "security", "team_name": "Security", "slack_channel": "#sec",
            "email_recipients": ["sec@example.org"], "receivers": ["sec", "mail"], "path": "route[1]",
            "is_fallback": false, "fallback": ["ops"],
            "routes": [
                {"path": "route[0] \"night\"", "receivers": ["hook"], "team": null,
                 "only_if": ["severity = critical", "every day, 22:00 to 06:00 UTC"]},
                {"path": "route[1]", "receivers": ["sec", "mail"], "team": "security", "only_if": []},
            ],
        })
    );
}

#[test]
fn a_kind_without_a_route_is_shown_with_the_fallback() {
    let shown = Routing::parse(FILE).unwrap().route_of_kind(Kind::Alert);
    assert_eq!(
        (&shown["slack_channel"], &shown["is_fallback"], &shown["team"]),
        (&json!("#ops"), &json!(true), &Value::Null)
    );
    assert_eq!(shown["routes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn all_of_it_is_shown_without_what_only_its_owner_should_know() {
    let shown = Routing::parse(FILE).unwrap().describe();
    assert!(!shown.to_string().contains("hunter2") && !shown.to_string().contains("/T0"), "{shown:#}");
    assert_eq!(shown["receivers"][3]["url"], "https://hooks.example.org/…");
    assert_eq!(shown["routes"][1]["escalation"][0], json!({"after": "1h 30m", "receivers": ["ops"]}));
    assert_eq!(shown["types"]["sqli"]["slack_channel"], "#sec");
}

#[test]
fn without_a_file_everybody_is_told_of_everything() {
    let check = |routing: Routing, expected: &[&str]| {
        let subject = crate::Attributes::default();
        let routed = routing.route(&subject.subject(), foghorn_domain::clock::Timestamp::UNIX_EPOCH);
        let names: Vec<String> = routed.iter().map(|routed| format!("{} {}", routed.receiver, routed.path)).collect();
        assert_eq!(names, expected);
    };
    check(Routing::from_environment(None, &[]), &["dashboard fallback"]);
    check(Routing::from_environment(Some("#incident-alerts"), &[]), &["slack fallback"]);
    let mailboxes = ["a@example.org".to_owned()];
    check(Routing::from_environment(Some("#x"), &mailboxes), &["slack fallback", "email fallback"]);
    let phone = Address::PagerDuty { routing_key_env: "KEY".to_owned() };
    check(Routing::default_for(vec![Receiver::new("phone", phone)]), &["phone fallback"]);
}

#[test]
fn a_receiver_reads_back_from_json() {
    for receiver in Routing::parse(FILE).unwrap().receivers() {
        let json = serde_json::to_string(receiver).unwrap();
        assert_eq!(serde_json::from_str::<Receiver>(&json).unwrap(), *receiver, "{json}");
    }
}
