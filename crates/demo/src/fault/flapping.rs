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

/// Writes the fault from `at` on: a first failure and `flips` alerts.
pub(crate) fn write(script: &mut Script, at: SignedDuration, flips: usize) {
    fail_once(script, at);
    recover(script, at + seconds(20));
    let mut moment = at + seconds(40);
    for _ in 0..flips {
        stall(script, moment);
        let mut event = said(EventStatus::Firing, &failure(&mut script.dice, "for the second time"));
        event.severity = Some(Severity::Warning);
        script.put(moment, event);
        moment += seconds(script.dice.between(50, 75));
        recover(script, moment);
        moment += seconds(script.dice.between(45, 70));
    }
}

/// A failure that is gone at the next try.
pub(crate) fn fail_once(script: &mut Script, at: SignedDuration) {
    stall(script, at);
    let mut event = NewEvent::new(CHECKER, "log", format!("ERROR check {KEY}: {}", failure(&mut script.dice, "once")));
    event.dedup_key = Some(KEY.to_owned());
    about_sessions(&mut event);
    script.put(at, event);
}

pub(crate) fn recover(script: &mut Script, at: SignedDuration) {
    let took = script.dice.between(1, 4);
    script.put(at, said(EventStatus::Resolved, &format!("PING answered in {took} ms again")));
}

fn failure(dice: &mut Dice, how_often: &str) -> String {
    format!("PING took {} ms, more than 500 ms, {how_often}", dice.between(900, 2100))
}

fn said(status: EventStatus, text: &str) -> NewEvent {
    let mut event = NewEvent::new(CHECKER, "alert", format!("check {KEY}: {text}"));
    event.status = Some(status);
    event.dedup_key = Some(KEY.to_owned());
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
}
