use super::*;
use crate::attributes::Attributes;
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::Severity;

fn rule(source: &[&str], target: &[&str], equal: &[&str]) -> Inhibition {
    let matchers = |texts: &[&str]| texts.iter().map(|text| Matcher::parse(text).unwrap()).collect();
    let equal = equal.iter().map(|name| Attribute::parse(name).unwrap()).collect();
    Inhibition { name: None, source: matchers(source), target: matchers(target), equal }
}

fn incident(kind: Kind, severity: Severity, service: &str, labels: &[&str]) -> Attributes {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Attributes { kind, severity, service: service.to_owned(), labels, ..Attributes::default() }
}

fn among(rules: &[Inhibition], incidents: &[Attributes]) -> Vec<bool> {
    let open: Vec<(i64, Subject<'_>)> = (1..).zip(incidents.iter().map(Attributes::subject)).collect();
    inhibited_among(rules, &open)
}

#[test]
fn a_cause_mutes_what_fits_and_shares_what_must_be_equal() {
    let rule = rule(&["severity = critical"], &["severity <= error"], &["service", "labels.cluster"]);
    let cause = |service, labels: &[&str]| incident(Kind::Alert, Severity::Critical, service, labels);
    let other = |service, labels: &[&str]| incident(Kind::Alert, Severity::Error, service, labels);
    let check = |source: Attributes, target: Attributes, expected: bool| {
        assert_eq!(rule.mutes(&source.subject(), &target.subject()), expected, "{source:?} {target:?}");
        assert_eq!(among(std::slice::from_ref(&rule), &[target, source]), [expected, false]);
    };
    check(cause("a", &["cluster=eu"]), other("a", &["x", "cluster=eu"]), true);
    check(cause("a", &["cluster=eu"]), other("b", &["cluster=eu"]), false);
    check(cause("a", &["cluster=eu"]), other("a", &["cluster=us"]), false);
    check(cause("a", &["cluster=eu"]), other("a", &["cluster=eu", "cluster=us"]), false);
    // What is missing equals nothing, not even what is missing.
    check(cause("a", &[]), other("a", &[]), false);
    check(cause("a", &["cluster="]), other("a", &["cluster="]), false);
    check(cause("", &["cluster=eu"]), other("", &["cluster=eu"]), false);
    check(other("a", &["cluster=eu"]), other("a", &["cluster=eu"]), false);
}

#[test]
fn two_of_a_kind_never_mute_each_other() {
    let rule = rule(&["kind = alert"], &["severity >= info"], &["service"]);
    let alert = incident(Kind::Alert, Severity::Error, "a", &[]);
    let error = incident(Kind::Error, Severity::Error, "a", &[]);
    assert!(!rule.mutes(&alert.subject(), &alert.subject()));
    assert!(rule.mutes(&alert.subject(), &error.subject()));
    assert_eq!(among(&[rule], &[alert.clone(), alert, error]), [false, false, true]);
}

#[test]
fn an_inhibited_cause_inhibits_nobody() {
    let rules = [
        rule(&["kind = db_issue"], &["kind = db_timeout"], &["service"]),
        rule(&["kind = db_timeout"], &["kind = error"], &["service"]),
    ];
    let of = |kind| incident(kind, Severity::Error, "a", &[]);
    // Without the first the chain begins at the second.
    assert_eq!(among(&rules, &[of(Kind::DbTimeout), of(Kind::Error)]), [false, true]);
    assert_eq!(among(&rules, &[of(Kind::Error), of(Kind::DbTimeout), of(Kind::DbIssue)]), [false, true, false]);
}

#[test]
fn in_a_circle_the_oldest_stays_free() {
    let pairs = [(Kind::Alert, Kind::Error), (Kind::Error, Kind::Anomaly), (Kind::Anomaly, Kind::Alert)];
    let circle: Vec<Inhibition> = pairs
        .iter()
        .map(|(source, target)| rule(&[&format!("kind = {source}")], &[&format!("kind = {target}")], &[]))
        .collect();
    let of = |kind| incident(kind, Severity::Error, "a", &[]);
    assert_eq!(among(&circle, &[of(Kind::Alert), of(Kind::Error), of(Kind::Anomaly)]), [false, true, false]);
    let two = [rule(&["kind = alert"], &["kind = error"], &[]), rule(&["kind = error"], &["kind = alert"], &[])];
    assert_eq!(among(&two, &[of(Kind::Error), of(Kind::Alert), of(Kind::Alert)]), [false, true, true]);
    // Behind the circle: settled by the circle, though it is older.
    let behind = [two[0].clone(), two[1].clone(), rule(&["kind = error"], &["kind = xss"], &[])];
    assert_eq!(among(&behind, &[of(Kind::Xss), of(Kind::Error), of(Kind::Alert)]), [true, false, true]);
}

/// The plain way, pair by pair, for rules without circles: an incident is inhibited if a free one mutes it.
fn plain(rules: &[Inhibition], incidents: &[Attributes], of: usize) -> bool {
    let mutes =
        |cause: usize| rules.iter().any(|rule| rule.mutes(&incidents[cause].subject(), &incidents[of].subject()));
    (0..incidents.len()).any(|cause| mutes(cause) && !plain(rules, incidents, cause))
}

#[test]
fn groups_give_the_same_as_pairs() {
    let rules = [
        rule(&["kind = db_issue"], &["kind =~ db_timeout|error"], &["service"]),
        rule(&["kind = db_timeout"], &["kind = error"], &["labels.host"]),
        rule(&["kind = error", "severity = critical"], &["kind =~ error|anomaly"], &["service", "labels.host"]),
        rule(&["kind = alert"], &["kind = anomaly"], &[]),
    ];
    let kinds = [Kind::DbIssue, Kind::DbTimeout, Kind::Error, Kind::Anomaly, Kind::Alert];
    let mut dice: u64 = 42;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    for round in 0..300 {
        let count = roll(12);
        let incidents: Vec<Attributes> = (0..count)
            .map(|_| {
                let severity = if roll(2) == 0 { Severity::Critical } else { Severity::Error };
                let labels = [format!("host=h{}", roll(2)), "x".to_owned()];
                let labels: Vec<&str> = labels.iter().map(String::as_str).skip(roll(3) as usize / 2).collect();
                incident(kinds[roll(5) as usize], severity, ["a", "b"][roll(2) as usize], &labels)
            })
            .collect();
        let expected: Vec<bool> = (0..incidents.len()).map(|of| plain(&rules, &incidents, of)).collect();
        assert_eq!(among(&rules, &incidents), expected, "round {round}: {incidents:#?}");
    }
}

#[test]
fn many_incidents_take_one_pass_and_not_one_for_each_pair() {
    let rules = [
        rule(&["severity = critical"], &["severity <= error"], &[]),
        rule(&["kind = alert"], &["kind =~ alert|error"], &[]),
    ];
    let of = |kind, severity| incident(kind, severity, "a", &[]);
    let incidents: Vec<Attributes> = (0..30_000)
        .map(|n| match n % 3 {
            0 => of(Kind::Alert, Severity::Critical),
            1 => of(Kind::Alert, Severity::Error),
            _ => of(Kind::Error, Severity::Critical),
        })
        .collect();
    let inhibited = among(&rules, &incidents);
    assert!(inhibited.chunks(3).all(|three| three == [false, true, true]));
}
