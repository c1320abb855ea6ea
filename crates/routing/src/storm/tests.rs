use super::*;
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::Status;

fn second(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

#[test]
fn above_the_limit_there_is_a_storm_and_pages_are_not_in_it() {
    let gauge = StormGauge { above: 3 };
    let check = |urgency, posts: &[i64], waiting, expected| {
        let posts: Vec<Timestamp> = posts.iter().copied().map(second).collect();
        assert_eq!(gauge.delivery(urgency, &posts, waiting, second(100)), expected, "{posts:?} {waiting}");
    };
    check(Urgency::Notify, &[], 1, Delivery::Alone);
    check(Urgency::Notify, &[], 3, Delivery::Alone);
    check(Urgency::Notify, &[], 4, Delivery::Storm);
    check(Urgency::Notify, &[50, 60], 1, Delivery::Alone);
    check(Urgency::Notify, &[50, 60], 2, Delivery::Storm);
    check(Urgency::Notify, &[10, 20, 30, 40], 3, Delivery::Alone);
    check(Urgency::Notify, &[41, 42, 43], 1, Delivery::Storm);
    check(Urgency::Page, &[41, 42, 43], 500, Delivery::Alone);
    check(Urgency::Notify, &[], usize::MAX, Delivery::Storm);
}

#[test]
fn the_message_of_a_storm_goes_out_when_there_is_room_for_it() {
    let gauge = StormGauge { above: 3 };
    let check = |posts: &[i64], expected: i64| {
        let posts: Vec<Timestamp> = posts.iter().copied().map(second).collect();
        assert_eq!(gauge.next_post(&posts, second(100)), second(expected), "{posts:?}");
    };
    check(&[], 100);
    check(&[90, 95], 100);
    check(&[95, 50, 90], 110);
    check(&[50, 60, 90, 95], 120);
    check(&[10, 20, 30], 100);
}

#[test]
fn a_steady_stream_stays_within_the_limit() {
    let gauge = StormGauge { above: 10 };
    let (mut posts, mut waiting) = (Vec::new(), 0_usize);
    for now in (0..600).map(second) {
        waiting += 1;
        let goes_out = match gauge.delivery(Urgency::Notify, &posts, waiting, now) {
            Delivery::Alone => true,
            Delivery::Storm => gauge.next_post(&posts, now) <= now,
        };
        if goes_out {
            waiting = 0;
            posts.push(now);
        }
    }
    for window in posts.windows(11) {
        assert!(window[10].duration_since(window[0]) >= STORM_WINDOW, "{window:?}");
    }
    assert!(posts.len() >= 100, "{}", posts.len());
}

fn incident(id: i64, severity: Severity, service: &str, event_count: u64) -> Incident {
    Incident {
        id,
        event_id: None,
        status: Status::Open,
        kind: Kind::Error,
        severity,
        urgency: Urgency::Notify,
        service: service.to_owned(),
        environment: "default".to_owned(),
        summary: format!("trouble {id}"),
        fingerprint: Fingerprint::of_row(id),
        partition: 0,
        labels: Vec::new(),
        event_count,
        first_seen: second(id),
        last_seen: second(id),
        anomaly_score: None,
        confidence: 0.5,
        evidence: Vec::new(),
        correlations: Vec::new(),
        opened_because: None,
        ended_by: None,
        ended_at: None,
        previous_incident_id: None,
        episode: None,
        ends_by_source: false,
        still_firing_since: None,
        reopened_count: 0,
        resolved_count: 0,
        changes: Vec::new(),
        flapping_since: None,
    }
}

#[test]
fn a_storm_is_summed_up_by_severity_and_service_with_the_ten_worst() {
    let mut incidents: Vec<Incident> =
        (1..=20).map(|id| incident(id, Severity::Warning, &format!("s{:02}", id % 12), 1)).collect();
    incidents.push(incident(21, Severity::Critical, "s00", 1));
    incidents.push(incident(22, Severity::Warning, "s00", 50));
    let summary = StormSummary::of(&incidents);
    assert_eq!((summary.total, summary.other_services), (22, 2));
    assert_eq!(summary.by_severity, [(Severity::Critical, 1), (Severity::Warning, 21)]);
    assert_eq!((summary.by_service.len(), &summary.by_service[0]), (10, &("s00".to_owned(), 3)));
    let worst: Vec<i64> = summary.worst.iter().map(|worst| worst.incident_id).collect();
    assert_eq!(worst, [21, 22, 1, 2, 3, 4, 5, 6, 7, 8]);
    incidents.reverse();
    assert_eq!(StormSummary::of(&incidents), summary);
    assert_eq!(StormSummary::of([]).total, 0);
}
