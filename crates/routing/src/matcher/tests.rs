use super::*;
use crate::matcher::imply;

fn subject<'a>(labels: &'a [String]) -> Subject<'a> {
    Subject {
        kind: Kind::DbTimeout,
        severity: Severity::Error,
        urgency: Urgency::Notify,
        service: "checkout",
        environment: "production",
        labels,
        summary: "connection timed out after 30 s",
        team: None,
    }
}

#[test]
fn matchers_compare_as_they_say() {
    let labels = ["sqli", "team=payments", "team=db", "url=a=b", "empty="].map(str::to_owned);
    let check = |text: &str, expected: bool| {
        assert_eq!(Matcher::parse(text).unwrap().matches(&subject(&labels)), expected, "{text}");
    };
    for (text, expected) in [
        ("kind = db_timeout", true),
        ("kind != db_timeout", false),
        ("kind =~ db_.*", true),
        ("kind =~ error|db", false),
        ("severity = err", true),
        ("severity >= warning", true),
        ("severity >= critical", false),
        ("severity <= error", true),
        ("urgency <= record", false),
        ("service = checkout", true),
        ("service = Checkout", false),
        ("service=checkout", true),
        ("service = \"checkout\"", true),
        ("service = 'checkout '", false),
        ("service =~ check", false),
        ("service =~ a|checkout", true),
        ("service =~ out|checkout.*", true),
        ("service !~ a|b", true),
        ("summary =~ '.*timed out.*'", true),
        ("summary =~ [\\w -]+ timed\\s+out after \\d+ .*", true),
        ("service =~ (?i)CHECK\\w+", true),
        ("service =~ \\w{8}", true),
        ("service =~ \\w{12}", false),
        ("environment != staging", true),
        ("label = sqli", true),
        ("label = xss", false),
        ("label != sqli", false),
        ("labels.team = payments", true),
        ("labels.team = db", true),
        ("team = db", true),
        ("team != db", false),
        ("labels.team != web", true),
        ("labels.url = a=b", true),
        ("labels.empty =~ .*", false),
        ("labels.none = x", false),
        ("labels.none != x", true),
        ("labels.none =~ .*", false),
        ("labels.none !~ .*", true),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_team_that_the_route_names_counts_beside_the_label() {
    let labels = vec!["team=payments".to_owned()];
    let told_to_web = subject(&labels).for_team(Some("web"));
    for (text, expected) in [("team = web", true), ("team = payments", true), ("labels.team = web", false)] {
        assert_eq!(Matcher::parse(text).unwrap().matches(&told_to_web), expected, "{text}");
    }
}

#[test]
fn what_is_no_matcher_is_refused_with_the_reason() {
    let check = |text: &str, reason: &str| {
        let error = Matcher::parse(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    };
    check("", "is no matcher");
    check("service", "is no matcher");
    check("service > x", "no comparison");
    check("service =", "compared with nothing");
    check("sevrity = error", "did you mean severity?");
    check("cluster = eu", "labels.NAME");
    check("labels. = eu", "names no label");
    check("kind = db_timeot", "did you mean db_timeout?");
    check("kind =~ database", "fits no kind");
    check("severity >= bad", "there is no severity \"bad\"");
    check("service >= a", "cannot be ordered");
    check("service =~ (a", "unclosed group");
    check("service =~ a)|(b", "unopened group");
    check("service =~ (\\w{200}){200}", "too large");
    check(&format!("service = {}", "x".repeat(2_000)), "longer than");
    check("service = a\u{7}b", "control characters");
}

#[test]
fn a_matcher_reads_back_from_its_text() {
    for text in
        ["service = checkout", "labels.team !~ a|b.*", "severity >= warning", "summary = \" a 'b' \"", "label != 'x'"]
    {
        let matcher = Matcher::parse(text).unwrap();
        assert_eq!(Matcher::parse(&matcher.to_string()).unwrap(), matcher, "{text}");
        let json = serde_json::to_string(&matcher).unwrap();
        assert_eq!(serde_json::from_str::<Matcher>(&json).unwrap(), matcher, "{text}");
    }
}

#[test]
fn what_follows_from_other_matchers_is_known_where_values_are_written_out() {
    let check = |given: &[&str], text: &str, expected: bool| {
        let given: Vec<Matcher> = given.iter().map(|text| Matcher::parse(text).unwrap()).collect();
        let given: Vec<&Matcher> = given.iter().collect();
        assert_eq!(imply::follows(&Matcher::parse(text).unwrap(), &given), expected, "{given:?} {text}");
    };
    check(&["service = a"], "service = a", true);
    check(&["service = a"], "service =~ a|b", true);
    check(&["service =~ a|b"], "service =~ a|b|c", true);
    check(&["service =~ a|d"], "service =~ a|b|c", false);
    check(&["service = a"], "service != b", true);
    check(&["service =~ a.*"], "service =~ a.*", true);
    check(&["service =~ a.*"], "service =~ .*", false);
    check(&["severity = critical"], "severity >= error", true);
    check(&["severity >= error"], "severity >= critical", false);
    check(&["severity >= error", "severity != critical"], "severity = error", true);
    check(&["kind =~ db_.*"], "kind =~ db_timeout|db_issue", true);
    check(&["labels.team = a"], "labels.team =~ a|b", true);
    check(&["labels.team = a"], "labels.team != b", false);
    check(&[], "severity >= info", true);
    check(&[], "service = a", false);
}

#[test]
fn contradictions_are_seen() {
    let check = |given: &[&str], expected: Option<&str>| {
        let given: Vec<Matcher> = given.iter().map(|text| Matcher::parse(text).unwrap()).collect();
        let given: Vec<&Matcher> = given.iter().collect();
        assert_eq!(imply::contradiction(&given).map(ToString::to_string).as_deref(), expected, "{given:?}");
    };
    check(&["service = a", "service = b"], Some("service"));
    check(&["severity >= error", "severity <= warning"], Some("severity"));
    check(&["kind =~ db_.*", "kind = xss"], Some("kind"));
    check(&["labels.team = a", "labels.team = b"], None);
    check(&["service =~ a|b", "service != a"], None);
}

#[test]
fn whatever_text_is_read_or_refused_and_what_is_read_reads_back() {
    let pieces = [
        "service", "labels.", "kind", "severity", "=", "!", "~", ">", "<", " ", "'", "\"", "a", "(", "[", "\\", "|",
        "*", "漢", "error", "\u{0}", "{9}", "team",
    ];
    let (mut dice, mut read) = (11_u64, 0);
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    for _ in 0..30_000 {
        let start = ["service =", "labels.a !~", "label =~", ""][roll(4)];
        let text: String = [start].into_iter().chain((0..roll(8)).map(|_| pieces[roll(pieces.len())])).collect();
        if let Ok(matcher) = Matcher::parse(&text) {
            read += 1;
            assert_eq!(Matcher::parse(&matcher.to_string()).as_ref(), Ok(&matcher), "{text:?}");
        }
    }
    assert!(read > 3_000, "{read}");
}
