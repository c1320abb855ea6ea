use super::*;
use foghorn_domain::event::EventStatus;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000 + seconds).unwrap()
}

fn critical(name: &str, seconds: i64) -> Critical {
    Critical {
        fingerprint: Fingerprint::of_key("uptime", name),
        service: name.to_owned(),
        environment: "default".to_owned(),
        summary: "down".to_owned(),
        at: at(seconds),
    }
}

fn slack() -> Vec<String> {
    vec!["slack".to_owned()]
}

/// Takes what is due for Slack and tells it. Answers the services that the message named.
fn tell(desk: &mut Desk, seconds: i64) -> Vec<String> {
    let Some(batch) = desk.take("slack", at(seconds)) else { return Vec::new() };
    desk.told("slack", &batch, at(seconds + 1), None);
    desk.leave("slack");
    batch.criticals.iter().map(|critical| critical.service.clone()).collect()
}

#[test]
fn the_first_goes_at_once_and_the_next_message_gathers_what_came_meanwhile() {
    let mut desk = Desk::default();
    assert_eq!(desk.hear(critical("a", 0), &slack()), Heard::Waits);
    assert_eq!(tell(&mut desk, 0), ["a"]);
    desk.hear(critical("b", 0), &slack());
    desk.hear(critical("c", 0), &slack());
    assert_eq!(tell(&mut desk, 0), [""; 0], "a second has to pass");
    assert_eq!(tell(&mut desk, 1), ["b", "c"]);
    assert!(!desk.has_to_tell());
}

#[test]
fn a_message_names_a_bounded_number_and_the_next_one_goes_on() {
    let mut desk = Desk::default();
    let heard: Vec<Heard> = (0..100).map(|number| desk.hear(critical(&number.to_string(), 0), &slack())).collect();
    assert_eq!(heard, [Heard::Waits; 100]);
    let named: Vec<usize> = (0..5).map(|second| tell(&mut desk, second).len()).collect();
    assert_eq!(named, [30, 30, 30, 10, 0]);
}

#[test]
fn a_repeat_is_told_once_in_an_absence_and_again_in_the_next() {
    let mut desk = Desk::default();
    desk.begin(at(0));
    assert_eq!(desk.hear(critical("a", 0), &slack()), Heard::Waits);
    assert_eq!(desk.hear(critical("a", 60), &slack()), Heard::Repeats);
    tell(&mut desk, 60);
    assert!(desk.end(at(70)) && !desk.end(at(71)));
    // It runs since before this absence, and has been told.
    desk.begin(at(100));
    assert_eq!(desk.hear(critical("a", 100), &slack()), Heard::Runs);
    // It ended, so this is another one.
    let ended = NewEvent {
        status: Some(EventStatus::Resolved),
        dedup_key: Some("a".to_owned()),
        ..NewEvent::new("uptime", "alert", "up")
    };
    desk.forget(&ended);
    desk.end(at(110));
    desk.begin(at(120));
    assert_eq!(desk.hear(critical("a", 120), &slack()), Heard::Waits);
}

#[test]
fn what_the_store_has_for_long_is_not_told_and_what_it_has_just_got_is() {
    let check = |stored_at, heard| {
        let mut desk = Desk::default();
        desk.remember(critical("a", stored_at));
        desk.begin(at(100));
        assert_eq!(desk.hear(critical("a", 101), &slack()), heard, "stored at {stored_at}");
    };
    check(0, Heard::Runs);
    check(40, Heard::Runs);
    check(41, Heard::Waits);
    let mut desk = Desk::default();
    desk.remember(critical("old", 80));
    desk.remember(critical("new", 95));
    assert!(desk.begin(at(100)) && !desk.begin(at(101)) && desk.has_recent(at(100)));
    desk.tell_recent(at(100), &slack());
    assert_eq!(tell(&mut desk, 100), ["new"]);
    assert_eq!(desk.hear(critical("new", 101), &slack()), Heard::Repeats);
}

#[test]
fn what_finds_no_room_is_counted_and_the_count_is_told_once() {
    let mut desk = Desk::default();
    for number in 0..MOST_WAITING + 7 {
        desk.hear(critical(&number.to_string(), 0), &slack());
    }
    let first = desk.take("slack", at(0)).unwrap();
    assert_eq!((first.criticals.len(), first.left_out, first.more), (MOST_IN_ONE, 7, MOST_WAITING - MOST_IN_ONE));
    desk.told("slack", &first, at(1), None);
    desk.leave("slack");
    assert_eq!(desk.take("slack", at(1)).unwrap().left_out, 0);
}

#[test]
fn a_refused_message_waits_and_goes_first() {
    let mut desk = Desk::default();
    desk.hear(critical("a", 0), &slack());
    let refused = |seconds, counts| Refused { not_before: Some(at(seconds)), counts, may_repeat: true };
    let batch = desk.take("slack", at(0)).unwrap();
    assert!(desk.take("slack", at(0)).is_none(), "somebody is at it");
    desk.put_back("slack", batch, refused(30, false)).ok().unwrap();
    desk.leave("slack");
    desk.hear(critical("b", 1), &slack());
    assert_eq!(desk.due(at(29)), [""; 0]);
    assert_eq!(desk.due(at(30)), ["slack"]);
    let again = desk.take("slack", at(30)).unwrap();
    assert_eq!((again.criticals[0].service.as_str(), again.criticals.len(), again.may_repeat), ("a", 2, true));
    // It is not tried for ever, and not at all once the database is back.
    let mut batch = again;
    for attempt in 1..MOST_TRIES {
        desk.put_back("slack", batch, refused(30, true)).ok().unwrap();
        desk.leave("slack");
        batch = desk.take("slack", at(30)).unwrap();
        assert_eq!(batch.tries, attempt);
    }
    let batch = desk.put_back("slack", batch, refused(30, true)).err().unwrap();
    desk.gave_up("slack", &batch);
    desk.leave("slack");
    assert!(!desk.has_to_tell());
}

#[test]
fn what_came_of_it_is_said_once_it_is_over_and_nothing_waits() {
    let mut desk = Desk::default();
    desk.begin(at(0));
    desk.hear(critical("a", 0), &slack());
    desk.end(at(5));
    assert!(desk.accounts().is_empty(), "it has not been told yet");
    tell(&mut desk, 6);
    let account = desk.accounts().pop().unwrap();
    assert_eq!((account.told, account.began, account.ended), (1, at(0), at(5)));
    assert!(desk.accounts().is_empty());
    desk.keep(account);
    assert_eq!(desk.accounts()[0].told, 1);
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut desk = Desk::default();
    for number in 0..MOST_HEARD + 10 {
        desk.remember(critical(&format!("r{number}"), 0));
        desk.hear(critical(&format!("h{number}"), 0), &slack());
    }
    assert_eq!((desk.heard.len(), desk.recent.len()), (MOST_HEARD, MOST_RECENT));
    assert!(desk.running.since.len() <= MOST_RUNNING && desk.running.order.len() <= MOST_RUNNING);
    assert_eq!(desk.lanes[0].waiting.len(), MOST_WAITING);
    assert_eq!(desk.lanes[0].left_out as usize, MOST_HEARD + 10 - MOST_WAITING);
}
