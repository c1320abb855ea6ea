use super::*;
use crate::attributes::Attributes;
use crate::routing::Routing;
use foghorn_domain::finding::Kind;

const FILE: &str = "fallback = ['ops']
[receivers.ops]
kind = 'dashboard'
[[maintenance]]
why = 'the import'
match = ['service = a']
from = '12:00'
to = '13:00'
[[maintenance]]
why = 'the long import'
match = ['service = a', 'kind = error']
from = '11:00'
to = '15:00'
[[inhibit]]
name = 'the database explains it'
source = ['kind = db_timeout']
target = ['kind = error']
equal = ['service']
";

fn at(time: &str) -> Timestamp {
    format!("2026-01-07T{time}:00Z").parse().unwrap()
}

fn silence(id: i64, matchers: &[&str], from: &str, to: &str) -> Silence {
    Silence {
        id,
        matchers: matchers.iter().map(|text| crate::Matcher::parse(text).unwrap()).collect(),
        starts_at: at(from),
        ends_at: at(to),
        created_by: "ana".to_owned(),
        comment: "moving it".to_owned(),
        created_at: at(from),
        ended_at: None,
    }
}

fn incident(kind: Kind, service: &str) -> Attributes {
    Attributes { kind, service: service.to_owned(), ..Attributes::default() }
}

#[test]
fn the_first_of_maintenance_silence_and_inhibition_is_the_reason() {
    let routing = Routing::parse(FILE).unwrap();
    let silences = [
        silence(1, &["service = a"], "11:00", "14:00"),
        silence(2, &["service = a"], "11:00", "16:00"),
        silence(3, &["service = a"], "11:00", "16:00"),
        silence(4, &["service = a"], "18:00", "19:00"),
    ];
    let quiet = Quiet { maintenance: routing.maintenance(), silences: &silences, inhibitions: routing.inhibitions() };
    let cause = incident(Kind::DbTimeout, "a");
    let check = |kind, service, time: &str, is_inhibited, expected: Option<(HeldBy, Option<&str>, &str)>| {
        let (subject, open) = (incident(kind, service), [Open { id: 9, subject: cause.subject(), is_inhibited }]);
        let held = quiet.verdict(&subject.subject(), &open, at(time));
        let held = held.as_ref().map(|held| (held.by, held.until, held.why.as_str()));
        assert_eq!(held, expected.map(|(by, until, why)| (by, until.map(at), why)), "{kind} {service} {time}");
    };
    let import = "maintenance until 7 Jan 13:00 UTC: the import";
    check(Kind::Alert, "a", "12:30", false, Some((HeldBy::Maintenance, Some("13:00"), import)));
    let long = "maintenance until 7 Jan 15:00 UTC: the long import";
    check(Kind::Error, "a", "12:30", false, Some((HeldBy::Maintenance, Some("15:00"), long)));
    let silenced = "silence 2 by ana until 7 Jan 16:00 UTC: moving it";
    check(Kind::Error, "a", "15:00", false, Some((HeldBy::Silence(2), Some("16:00"), silenced)));
    let inhibited = "inhibited by incident 9 (the database explains it)";
    check(Kind::Error, "a", "16:00", false, Some((HeldBy::Inhibition(9), None, inhibited)));
    check(Kind::Error, "a", "16:00", true, None);
    check(Kind::Error, "b", "16:00", false, None);
    check(Kind::Alert, "a", "17:00", false, None);
    check(Kind::Alert, "b", "12:30", false, None);
}

#[test]
fn a_silenced_cause_still_inhibits() {
    let routing = Routing::parse(FILE).unwrap();
    let silences = [silence(1, &["service = a", "kind = db_timeout"], "10:00", "20:00")];
    let quiet = Quiet { maintenance: &[], silences: &silences, inhibitions: routing.inhibitions() };
    let (cause, error) = (incident(Kind::DbTimeout, "a"), incident(Kind::Error, "a"));
    let open = [Open { id: 9, subject: cause.subject(), is_inhibited: false }];
    let verdict = |subject: &Attributes| quiet.verdict(&subject.subject(), &open, at("16:00")).map(|held| held.by);
    assert_eq!((verdict(&cause), verdict(&error)), (Some(HeldBy::Silence(1)), Some(HeldBy::Inhibition(9))));
}

#[test]
fn a_silence_of_a_team_holds_what_its_route_would_tell() {
    let silences = [silence(1, &["team = payments"], "10:00", "20:00")];
    let quiet = Quiet { silences: &silences, ..Quiet::default() };
    let error = incident(Kind::Error, "a");
    let check = |team, expected: Option<HeldBy>| {
        let subject = error.subject().for_team(team);
        assert_eq!(quiet.verdict(&subject, &[], at("16:00")).map(|held| held.by), expected, "{team:?}");
    };
    check(Some("payments"), Some(HeldBy::Silence(1)));
    check(Some("web"), None);
    check(None, None);
}

#[test]
fn the_verdict_agrees_with_the_count_of_the_inhibited() {
    let routing = Routing::parse(FILE).unwrap();
    let quiet = Quiet { inhibitions: routing.inhibitions(), ..Quiet::default() };
    let all = [incident(Kind::Error, "a"), incident(Kind::DbTimeout, "a"), incident(Kind::Error, "b")];
    let open: Vec<(i64, Subject<'_>)> = (1..).zip(all.iter().map(Attributes::subject)).collect();
    let inhibited = crate::inhibited_among(routing.inhibitions(), &open);
    let marked: Vec<Open<'_>> = open
        .iter()
        .zip(&inhibited)
        .map(|((id, subject), is_inhibited)| Open { id: *id, subject: *subject, is_inhibited: *is_inhibited })
        .collect();
    for (incident, is_inhibited) in all.iter().zip(&inhibited) {
        assert_eq!(quiet.verdict(&incident.subject(), &marked, at("16:00")).is_some(), *is_inhibited);
    }
    assert_eq!(inhibited, [true, false, false]);
}

#[test]
fn the_interval_spares_a_receiver_and_never_holds_a_page() {
    let interval = Some(SignedDuration::from_mins(5));
    let check = |urgency, interval, last: Option<&str>, now: &str, until: Option<&str>| {
        let held = within_interval(urgency, interval, last.map(at), at(now));
        assert_eq!(held.and_then(|held| held.until), until.map(at), "{urgency:?} {last:?} {now}");
    };
    check(Urgency::Notify, interval, Some("12:00"), "12:04", Some("12:05"));
    check(Urgency::Notify, interval, Some("12:00"), "12:05", None);
    check(Urgency::Notify, interval, None, "12:04", None);
    check(Urgency::Notify, None, Some("12:00"), "12:04", None);
    check(Urgency::Page, interval, Some("12:00"), "12:04", None);
    let held = within_interval(Urgency::Notify, interval, Some(at("12:00")), at("12:04")).unwrap();
    assert_eq!(
        (held.by, held.why.as_str()),
        (HeldBy::Interval, "told about the same service 4 min ago; at most every 5m")
    );
}

#[test]
fn a_reason_reads_back_from_json() {
    for by in [HeldBy::Maintenance, HeldBy::Silence(7), HeldBy::Inhibition(8), HeldBy::Interval, HeldBy::Storm] {
        let held = Held { why: "x".to_owned(), by, until: Some(at("12:00")) };
        let json = serde_json::to_string(&held).unwrap();
        assert_eq!(serde_json::from_str::<Held>(&json).unwrap(), held, "{json}");
    }
    let held = Held { why: "x".to_owned(), by: HeldBy::Silence(7), until: None };
    assert_eq!(serde_json::to_string(&held).unwrap(), r#"{"why":"x","by":"silence","id":7,"until":null}"#);
}
