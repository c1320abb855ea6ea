use super::event::MAX_SUMMARY;
use super::*;
use crate::fit::tests::message;
use foghorn_domain::severity::Severity;

fn facts() -> Facts {
    Facts {
        incident_id: 7,
        severity: Severity::Critical,
        service: "checkout".to_owned(),
        environment: "production".to_owned(),
        kind: "db_timeout".to_owned(),
        first_seen: "2026-01-02T03:04:05Z".parse().unwrap(),
    }
}

#[test]
fn a_trigger_says_what_the_message_says() {
    insta::assert_json_snapshot!(trigger(&message(), &facts()));
}

#[test]
fn severities_have_the_words_of_pagerduty() {
    let check = |severity, word: &str| {
        assert_eq!(trigger(&message(), &Facts { severity, ..facts() })["payload"]["severity"], word);
    };
    check(Severity::Critical, "critical");
    check(Severity::Error, "error");
    check(Severity::Warning, "warning");
    check(Severity::Info, "info");
}

#[test]
fn limits_hold_whatever_comes() {
    let endless = "ü\u{202e}\r\n\"".repeat(10_000);
    let wild = Message {
        headline: endless.clone(),
        title: endless.clone(),
        ai_summary: endless.clone(),
        causes: vec![endless.clone(); 50],
        similar: vec![endless.clone(); 50],
        related: vec![endless.clone(); 50],
        ..message()
    };
    let facts = Facts { service: endless.clone(), environment: endless.clone(), kind: endless, ..facts() };
    let event = trigger(&wild, &facts);
    assert!(event["payload"]["summary"].as_str().unwrap().chars().count() <= MAX_SUMMARY);
    assert!(event.to_string().len() < 64 * 1024, "{} bytes", event.to_string().len());
    let empty = Message { headline: "\u{200b}".to_owned(), link: None, ..message() };
    let event = trigger(&empty, &Facts { service: String::new(), ..facts });
    assert_eq!(event["payload"]["summary"], "Incident #7", "a summary is required");
    assert_eq!(event["payload"]["source"], "foghorn", "and so is a source");
    assert_eq!(event.get("links"), None);
}

#[test]
fn a_routing_key_is_32_letters_and_digits_and_shows_nowhere() {
    let key = "0123456789abcdef0123456789ABCDEF";
    assert_eq!(format!("{:?}", RoutingKey::parse(key).unwrap()), "RoutingKey(…)");
    assert_eq!(RoutingKey::parse(&format!(" {key}\n")), RoutingKey::parse(key));
    for wrong in ["", "0123", &key[1..], &format!("{key}0"), "0123456789abcdef0123456789ABCDE!"] {
        let error = RoutingKey::parse(wrong).unwrap_err().to_string();
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
}

#[test]
fn the_address_is_a_base() {
    let check = |base: &str, expected: &str| {
        let settings = PagerDutySettings { events_url: base.to_owned(), ..PagerDutySettings::default() };
        assert_eq!(PagerDuty::new(settings).unwrap().enqueue.as_str(), expected, "{base}");
    };
    check(EVENTS_URL, "https://events.pagerduty.com/v2/enqueue");
    check("https://events.eu.pagerduty.com/", "https://events.eu.pagerduty.com/v2/enqueue");
    check("http://127.0.0.1:8000/in/KEY", "http://127.0.0.1:8000/in/KEY/v2/enqueue");
    check("https://events.pagerduty.com/v2/enqueue", "https://events.pagerduty.com/v2/enqueue");
    for wrong in ["", "events.pagerduty.com", "ftp://events.pagerduty.com"] {
        let settings = PagerDutySettings { events_url: wrong.to_owned(), ..PagerDutySettings::default() };
        assert!(matches!(PagerDuty::new(settings), Err(PagerDutyError::EventsUrl { .. })), "{wrong}");
    }
}

#[test]
fn a_dedup_key_names_the_incident_and_the_prefix() {
    let with_prefix = |prefix: &str| {
        PagerDuty::new(PagerDutySettings { dedup_prefix: prefix.to_owned(), ..PagerDutySettings::default() })
    };
    assert_eq!(with_prefix("foghorn").unwrap().dedup_key(7), "foghorn-incident-7");
    assert!(with_prefix(&"x".repeat(100)).unwrap().dedup_key(i64::MIN).len() <= MAX_DEDUP_KEY);
    for wrong in ["", "two words", &"x".repeat(101)] {
        assert!(matches!(with_prefix(wrong), Err(PagerDutyError::DedupPrefix { .. })), "{wrong}");
    }
}
