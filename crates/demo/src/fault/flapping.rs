//! A check that fails and recovers: the session store stalls whenever it saves itself to disk. The checker
//! writes a first failure into its log, and raises an alert when the next try fails too.

use crate::dice::Dice;
use crate::script::{Script, millis, seconds};
use crate::shop::{Level, Service};
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::event::{EventStatus, NewEvent};
use foghorn_domain::severity::Severity;

/// How often the alert fires.
pub(crate) const FLIPS: usize = 9;

const CHECKER: &str = "checker";
const KEY: &str = "sessions/ping-latency";

/// Writes the fault from `at` on: two first failures and `flips` alerts.
pub(crate) fn write(script: &mut Script, at: SignedDuration, flips: usize) {
    fail_once(script, at);
    recover(script, at + seconds(12), at);
    let mut failing = at + seconds(25);
    fail_once(script, failing);
    for _ in 0..flips {
        let text = failure(&mut script.dice, "for the second time");
        let mut event = said(EventStatus::Firing, &text, episode(script, failing));
        event.severity = Some(Severity::Warning);
        script.put(failing + seconds(13), event);
        let over = failing + seconds(script.dice.between(60, 85));
        recover(script, over, failing);
        failing = over + seconds(script.dice.between(35, 60));
        stall(script, failing);
    }
}

/// A failure that may be gone at the next try.
pub(crate) fn fail_once(script: &mut Script, at: SignedDuration) {
    stall(script, at);
    let mut event = NewEvent::new(CHECKER, "log", format!("ERROR check {KEY}: {}", failure(&mut script.dice, "once")));
    event.dedup_key = Some(KEY.to_owned());
    event.episode = Some(episode(script, at));
    about_sessions(&mut event);
    script.put(at, event);
}

/// The end of what began at `since`.
pub(crate) fn recover(script: &mut Script, at: SignedDuration, since: SignedDuration) {
    let text = format!("PING answered in {} ms again", script.dice.between(1, 4));
    let event = said(EventStatus::Resolved, &text, episode(script, since));
    script.put(at, event);
}

/// The checker counts its failures by when they began.
fn episode(script: &Script, since: SignedDuration) -> String {
    script.moment(since).to_string()
}

fn failure(dice: &mut Dice, how_often: &str) -> String {
    format!("PING took {} ms, more than 500 ms, {how_often}", dice.between(900, 2100))
}

fn said(status: EventStatus, text: &str, episode: String) -> NewEvent {
    let mut event = NewEvent::new(CHECKER, "alert", format!("check {KEY}: {text}"));
    event.status = Some(status);
    event.dedup_key = Some(KEY.to_owned());
    event.episode = Some(episode);
    about_sessions(&mut event);
    event
}

fn about_sessions(event: &mut NewEvent) {
    event.metadata.insert("service".to_owned(), Service::Sessions.name().into());
    event.metadata.insert("host".to_owned(), Service::Sessions.name().into());
}

/// What the store itself and its user say meanwhile.
fn stall(script: &mut Script, at: SignedDuration) {
    let text = format!("Background saving started by pid {}", script.dice.between(2000, 9000));
    script.log(at - seconds(2), (Service::Sessions, 1), Level::Info, &text);
    for _ in 0..script.dice.between(2, 4) {
        let text = format!("msg=\"session read slowly\" took={}ms", script.dice.between(700, 1900));
        let moment = at + millis(script.dice.between(-1500, 9000));
        script.log(moment, (Service::Auth, 1), Level::Warning, &text);
    }
    let web = (Service::Web, script.dice.between(1, 3));
    let text = format!("page rendered late, {} ms of it waiting for auth", script.dice.between(700, 1900));
    script.log(at + millis(1200), web, Level::Warning, &text);
}
