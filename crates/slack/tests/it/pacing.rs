use crate::support::{client, mark, message};
use foghorn_domain::clock::Clock;
use foghorn_domain::severity::Urgency;
use foghorn_slack::Retry;
use foghorn_slack::pace::{Allowance, Pacer, Turn, Work};
use foghorn_testkit::{FakeSlack, Fault};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::time::Duration;

/// Sends everything a pacer has, moving the clock instead of waiting. Answers how often Slack said no.
async fn send_all(slack: &FakeSlack, clock: &Clock, pacer: &mut Pacer) -> usize {
    let client = client(slack);
    let mut refused = 0;
    loop {
        match pacer.next(clock.now()) {
            Turn::Send { channel, work: work @ Work::Post(id) } => {
                match client.post(&channel, &message("x"), None, &mark(&id.to_string())).await {
                    Ok(_) => pacer.done(&channel, work),
                    Err(error) => {
                        let Retry::After(wait) = error.retry() else { panic!("{error}") };
                        refused += 1;
                        pacer.again(&channel, work, clock.now(), wait);
                    }
                }
            }
            Turn::Send { work, .. } => panic!("{work:?}"),
            Turn::WaitUntil(at) => clock.advance_to(at),
            Turn::Idle => return refused,
        }
    }
}

fn start() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

#[tokio::test]
async fn five_hundred_messages_land_once_each_and_never_too_fast() {
    let clock = Clock::manual(start());
    let slack = FakeSlack::with_clock(clock.clone()).await;
    slack.strict_rate(true);
    let mut pacer = Pacer::default();
    (0..500).for_each(|id| pacer.post(FakeSlack::CHANNEL, id, Urgency::Notify));
    assert_eq!(send_all(&slack, &clock, &mut pacer).await, 0, "Slack never had to say no");
    let ids: HashSet<String> =
        slack.all_messages().iter().map(|message| message.notification_id().unwrap().to_owned()).collect();
    assert_eq!((slack.all_messages().len(), ids.len()), (500, 500));
    assert_eq!(clock.now().duration_since(start()), SignedDuration::from_secs(495));
}

#[tokio::test]
async fn being_refused_half_the_time_changes_only_how_long_it_takes() {
    let clock = Clock::manual(start());
    let slack = FakeSlack::with_clock(clock.clone()).await;
    slack.strict_rate(true);
    let mut pacer = Pacer::default();
    (0..100).for_each(|id| pacer.post(FakeSlack::CHANNEL, id, Urgency::Notify));
    slack.fault_every(2, Fault::TooMany(2));
    assert_eq!(send_all(&slack, &clock, &mut pacer).await, 99);
    assert!(slack.ledger().values().all(|times| *times == 1));
    let order: Vec<String> =
        slack.all_messages().iter().map(|message| message.notification_id().unwrap().to_owned()).collect();
    assert_eq!(order, (0..100).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_sender_that_is_too_fast_is_told_to_wait() {
    let clock = Clock::manual(start());
    let slack = FakeSlack::with_clock(clock.clone()).await;
    slack.strict_rate(true);
    let mut pacer = Pacer::new(Allowance { every: SignedDuration::from_millis(1), burst: 50 }, Allowance::EDITS);
    (0..20).for_each(|id| pacer.post(FakeSlack::CHANNEL, id, Urgency::Notify));
    assert!(send_all(&slack, &clock, &mut pacer).await > 0);
    assert_eq!(slack.all_messages().len(), 20);
    let posted = client(&slack).post(FakeSlack::CHANNEL, &message("x"), None, &mark("one more")).await;
    assert_eq!(posted.unwrap_err().retry(), Retry::After(Duration::from_secs(1)));
}
