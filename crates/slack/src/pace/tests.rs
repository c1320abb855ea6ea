use super::*;
use foghorn_domain::severity::Urgency::{Notify, Page};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_second(1_000_000).unwrap() + SignedDuration::from_millis(millis)
}

fn lane() -> Lane {
    Lane::new(Allowance::CHANNEL)
}

/// What a lane does at one moment until it waits or has nothing to do; everything lands.
fn drain(lane: &mut Lane, now: Timestamp) -> Vec<Next> {
    let mut done = Vec::new();
    loop {
        let next = lane.next(now);
        done.push(next);
        match next {
            Next::Post(id) => lane.done(Work::Post(id)),
            Next::Edit(id) => lane.done(Work::Edit(id)),
            Next::WaitUntil(_) | Next::Idle => return done,
        }
    }
}

#[test]
fn five_go_at_once_and_then_one_a_second() {
    let mut lane = lane();
    (1..=8).for_each(|id| lane.post(id, Notify));
    let burst = drain(&mut lane, at(0));
    assert_eq!(burst[..5], [1, 2, 3, 4, 5].map(Next::Post));
    assert_eq!(burst[5..], [Next::WaitUntil(at(1_000))]);
    let check = |lane: &mut Lane, millis, expected: &[Next]| assert_eq!(drain(lane, at(millis)), expected, "{millis}");
    check(&mut lane, 999, &[Next::WaitUntil(at(1_000))]);
    check(&mut lane, 1_000, &[Next::Post(6), Next::WaitUntil(at(2_000))]);
    check(&mut lane, 2_500, &[Next::Post(7), Next::WaitUntil(at(3_000))]);
    check(&mut lane, 3_000, &[Next::Post(8), Next::Idle]);
}

#[test]
fn pages_go_before_posts_and_posts_before_edits() {
    let mut lane = lane();
    lane.edit(100);
    lane.post(1, Notify);
    lane.post(2, Notify);
    lane.post(3, Page);
    let order = drain(&mut lane, at(0));
    assert_eq!(order, [Next::Post(3), Next::Post(1), Next::Post(2), Next::Edit(100), Next::Idle]);
}

#[test]
fn a_hundred_edits_of_one_message_are_one() {
    let mut lane = lane();
    (0..100).for_each(|_| lane.edit(7));
    lane.edit(8);
    lane.edit(7);
    assert_eq!(drain(&mut lane, at(0)), [Next::Edit(7), Next::Edit(8), Next::Idle]);
}

#[test]
fn an_edit_waits_for_the_edit_of_the_same_message_that_is_under_way() {
    let mut lane = lane();
    lane.edit(7);
    assert_eq!(lane.next(at(0)), Next::Edit(7));
    lane.edit(7);
    assert_eq!(lane.next(at(0)), Next::Idle);
    lane.edit(8);
    assert_eq!(lane.next(at(0)), Next::Edit(8));
    lane.done(Work::Edit(7));
    assert_eq!(lane.next(at(0)), Next::Edit(7));
    lane.done(Work::Edit(7));
    assert_eq!(lane.next(at(0)), Next::Idle);
}

#[test]
fn a_notification_that_is_added_twice_is_posted_once() {
    let mut lane = lane();
    lane.post(1, Notify);
    lane.post(1, Page);
    assert_eq!(lane.next(at(0)), Next::Post(1));
    lane.post(1, Notify);
    assert_eq!(lane.next(at(0)), Next::Idle);
}

#[test]
fn retry_after_holds_the_lane_and_keeps_the_order() {
    let mut lane = lane();
    [1, 2, 3].into_iter().for_each(|id| lane.post(id, Notify));
    assert_eq!(lane.next(at(0)), Next::Post(1));
    lane.again(Work::Post(1), at(100), Duration::from_secs(30));
    lane.post(9, Page);
    assert_eq!(lane.next(at(200)), Next::WaitUntil(at(30_100)));
    // No burst after it: one a second.
    assert_eq!(drain(&mut lane, at(30_100)), [Next::Post(9), Next::WaitUntil(at(31_100))]);
    assert_eq!(drain(&mut lane, at(31_100)), [Next::Post(1), Next::WaitUntil(at(32_100))]);
    assert_eq!(drain(&mut lane, at(32_100)), [Next::Post(2), Next::WaitUntil(at(33_100))]);
}

#[test]
fn an_edit_that_failed_is_tried_again_and_still_is_one() {
    let mut lane = lane();
    lane.edit(7);
    assert_eq!(lane.next(at(0)), Next::Edit(7));
    lane.edit(7);
    lane.again(Work::Edit(7), at(0), Duration::from_secs(2));
    assert_eq!(drain(&mut lane, at(2_000)), [Next::Edit(7), Next::Idle]);
}

#[test]
fn an_edit_that_has_to_wait_does_not_hold_posts() {
    let mut pacer = Pacer::default();
    pacer.edit("#a", 7);
    pacer.edit("#b", 8);
    assert_eq!(send(pacer.next(at(0))).1, Work::Edit(7));
    pacer.again("#a", Work::Edit(7), at(0), Duration::from_secs(30));
    pacer.post("#a", 1, Notify);
    assert_eq!(send(pacer.next(at(0))).1, Work::Post(1));
    assert_eq!(pacer.next(at(0)), Turn::WaitUntil(at(30_000)));
    assert_eq!(send(pacer.next(at(30_000))).1, Work::Edit(8));
    assert_eq!(pacer.next(at(30_000)), Turn::WaitUntil(at(31_200)));
    assert_eq!(send(pacer.next(at(31_200))).1, Work::Edit(7));
}

#[test]
fn a_wait_of_any_length_is_taken() {
    let mut lane = lane();
    lane.post(1, Notify);
    assert_eq!(lane.next(at(0)), Next::Post(1));
    lane.again(Work::Post(1), at(0), Duration::MAX);
    assert_eq!(lane.next(at(1_000)), Next::WaitUntil(Timestamp::MAX - SignedDuration::from_secs(4)));
}

fn send(turn: Turn) -> (String, Work) {
    match turn {
        Turn::Send { channel, work } => (channel, work),
        other => panic!("{other:?}"),
    }
}

#[test]
fn channels_take_turns_and_a_page_of_any_goes_first() {
    let mut pacer = Pacer::default();
    (1..=3).for_each(|id| pacer.post("#a", id, Notify));
    (4..=5).for_each(|id| pacer.post("#b", id, Notify));
    pacer.edit("#c", 6);
    pacer.post("#d", 7, Page);
    let order: Vec<(String, Work)> = (0..7).map(|_| send(pacer.next(at(0)))).collect();
    let order: Vec<(&str, Work)> = order.iter().map(|(channel, work)| (&**channel, *work)).collect();
    let expected = [
        ("#d", Work::Post(7)),
        ("#a", Work::Post(1)),
        ("#b", Work::Post(4)),
        ("#a", Work::Post(2)),
        ("#b", Work::Post(5)),
        ("#a", Work::Post(3)),
        ("#c", Work::Edit(6)),
    ];
    assert_eq!(order, expected);
    assert_eq!(pacer.next(at(0)), Turn::Idle);
}

#[test]
fn one_channel_that_waits_does_not_hold_the_others() {
    let mut pacer = Pacer::default();
    pacer.post("#a", 1, Notify);
    assert_eq!(send(pacer.next(at(0))).1, Work::Post(1));
    pacer.again("#a", Work::Post(1), at(0), Duration::from_secs(60));
    pacer.post("#b", 2, Notify);
    assert_eq!(send(pacer.next(at(0))), ("#b".to_owned(), Work::Post(2)));
    assert_eq!(pacer.next(at(0)), Turn::WaitUntil(at(60_000)));
    assert_eq!(send(pacer.next(at(60_000))), ("#a".to_owned(), Work::Post(1)));
}

#[test]
fn edits_of_all_channels_share_an_allowance_and_posts_do_not() {
    let mut pacer = Pacer::default();
    (0..20).for_each(|id| pacer.edit(&format!("#{id:02}"), id));
    (0..10).for_each(|_| drop(send(pacer.next(at(0)))));
    assert_eq!(pacer.next(at(0)), Turn::WaitUntil(at(1_200)));
    pacer.post("#19", 99, Notify);
    assert_eq!(send(pacer.next(at(0))).1, Work::Post(99));
    assert_eq!(pacer.next(at(1_199)), Turn::WaitUntil(at(1_200)));
    assert_eq!(send(pacer.next(at(1_200))).1, Work::Edit(10));
}

#[test]
fn five_hundred_posts_never_break_the_allowance_and_a_page_takes_the_next_free_slot() {
    let mut pacer = Pacer::default();
    (0..500).for_each(|id| pacer.post("#a", id, Notify));
    let (mut now, mut sent, mut paged) = (at(0), Vec::new(), None);
    loop {
        match pacer.next(now) {
            Turn::Send { channel, work } => {
                if work == Work::Post(1_000) {
                    paged = Some(now);
                }
                pacer.done(&channel, work);
                sent.push(now);
            }
            Turn::WaitUntil(then) => {
                assert!(then > now);
                now = then;
                if now == at(100_000) {
                    pacer.post("#a", 1_000, Page);
                }
            }
            Turn::Idle => break,
        }
    }
    assert_eq!((sent.len(), paged), (501, Some(at(100_000))));
    for window in sent.windows(6) {
        assert!(window[5].duration_since(window[0]) >= SignedDuration::from_secs(1), "six within a second");
    }
    assert_eq!(sent.last(), Some(&at(496_000)));
    assert_eq!(pacer.waiting(), 0);
}

#[test]
fn a_channel_at_rest_is_forgotten() {
    let mut pacer = Pacer::default();
    pacer.post("#a", 1, Notify);
    let (channel, work) = send(pacer.next(at(0)));
    pacer.done(&channel, work);
    assert_eq!(pacer.next(at(0)), Turn::Idle);
    assert!(format!("{pacer:?}").contains("#a\": Lane"), "its allowance is not whole yet");
    assert_eq!(pacer.next(at(1_000)), Turn::Idle);
    assert!(!format!("{pacer:?}").contains("#a\": Lane"));
}
