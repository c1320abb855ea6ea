use super::*;
use std::collections::BTreeSet;

fn begins() -> Timestamp {
    "2026-03-21T10:00:00Z".parse().unwrap()
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another_one() {
    assert_eq!(Hour::new(1, begins()).events(), Hour::new(1, begins()).events());
    assert_ne!(Hour::new(1, begins()).events(), Hour::new(2, begins()).events());
}

#[test]
fn leaving_out_a_fault_changes_nothing_else() {
    let of_fault = |hour: Hour, fault| hour.events().into_iter().filter(|p| p.fault == Some(fault)).collect::<Vec<_>>();
    for fault in Fault::ALL {
        let alone = of_fault(Hour::with(3, begins(), &[fault]), fault);
        let among_others: Vec<Planned> = of_fault(Hour::new(3, begins()), fault);
        assert!(!alone.is_empty());
        assert_eq!(alone, among_others, "{fault:?}");
    }
}

#[test]
fn events_lie_in_the_hour_in_order_and_the_first_ten_minutes_are_healthy() {
    for seed in 0..20 {
        let hour = Hour::new(seed, begins());
        let events = hour.events();
        assert!(events.len() > 3_000, "{}", events.len());
        assert!(events.is_sorted_by_key(|planned| planned.offset));
        for Planned { offset, fault, .. } in &events {
            assert!(*offset >= SignedDuration::ZERO && *offset < hour.lasts(), "{offset:?} {fault:?}");
            assert!(fault.is_none() || *offset > SignedDuration::from_mins(10));
        }
        let starts: Vec<SignedDuration> = hour.faults().iter().map(|(_, at)| *at).collect();
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] > SignedDuration::from_mins(2)), "{starts:?}");
        assert!(hour.hands().iter().all(|hand| hand.at < hour.lasts()));
    }
}

#[test]
fn every_fault_spans_several_services_and_wordings() {
    let events = Hour::new(1, begins()).events();
    for fault in Fault::ALL {
        let of_fault: Vec<&Planned> = events.iter().filter(|planned| planned.fault == Some(fault)).collect();
        let services: BTreeSet<&str> = of_fault.iter().map(|planned| planned.event.service()).collect();
        let wording = |planned: &&Planned| -> String {
            planned.event.payload.chars().filter(|c| c.is_ascii_alphabetic()).take(120).collect()
        };
        let wordings: BTreeSet<String> = of_fault.iter().map(wording).collect();
        assert!(services.len() >= 3 && wordings.len() >= 4, "{fault:?}: {services:?}, {} wordings", wordings.len());
    }
}

#[test]
fn ten_times_the_rate_is_about_ten_times_the_events() {
    let count = |rate| Hour::healthy(1, begins(), SignedDuration::from_mins(10), rate).events().len();
    let ratio = count(10) as f64 / count(1) as f64;
    assert!((8.0..12.0).contains(&ratio), "{ratio}");
}
