//! What became of a telling, in words: who was told, when and by which route, or why not and what happens next.
//! The pages and `explain` say it with the same sentences.

use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Incident, Status};
use foghorn_domain::notification::{LetGoBy, NotificationStatus, Reason, ReasonKey};
use foghorn_domain::words::counted;
use foghorn_routing::{FALLBACK, Routed, Routing, Subject, Told, next_due};
use foghorn_store::model::Notification;
use foghorn_store::notifications::DASHBOARD;
use foghorn_store::outbox::MAX_ATTEMPTS;

/// Why somebody is told, as the end of a sentence.
pub(crate) fn because(telling: &Notification) -> &'static str {
    let key = ReasonKey { reason: telling.reason, occurrence: telling.occurrence.clone() };
    match telling.reason {
        Reason::Opened => "it opened",
        Reason::SeverityRaised => "its severity was raised",
        Reason::Reopened => "it reopened",
        Reason::StillFiring => "it is still firing after somebody resolved it",
        Reason::Unacknowledged => "nobody had acknowledged it",
        Reason::SilenceEnded if key.let_go_by() == LetGoBy::Outgrown => "it grew beyond the silence that held it back",
        Reason::SilenceEnded => "what held it back has ended and it still fires",
        Reason::DetailsRequested => "somebody asked for details",
        Reason::MoreKnown => "more became known, in the thread of its message",
    }
}

/// A receiver with the place where it is told, `payments-channel (#payments)`.
pub(crate) fn receiver(telling: &Notification) -> String {
    let Notification { receiver, channel, .. } = telling;
    if channel.is_empty() || channel == receiver { receiver.clone() } else { format!("{receiver} ({channel})") }
}

/// The whole sentence. `all` are the tellings of the incident.
pub(crate) fn line(telling: &Notification, all: &[Notification]) -> String {
    let (to, because) = (receiver(telling), because(telling));
    let (why, by) = (telling.why.as_deref().unwrap_or("no reason is recorded"), by(telling));
    let mut line = match telling.status {
        NotificationStatus::Sent => {
            let at = telling.sent_at.map(|at| at.to_string()).unwrap_or_default();
            let edited = counted(telling.edits.into(), "time");
            format!("told to {to} at {at}{by} because {because}; edited {edited} since")
        }
        NotificationStatus::Joined => {
            let with = telling.told_with.unwrap_or_default();
            format!("told to {to} inside the message of incident {with}{by} because {because}: {why}")
        }
        NotificationStatus::Held => format!("not told to {to}{by} although {because}: {why}"),
        NotificationStatus::Pending if telling.attempts > 0 => {
            let tried = counted(telling.attempts.into(), "attempt");
            format!("not told to {to} yet{by} although {because}: {why} ({tried})")
        }
        NotificationStatus::Pending => {
            let why = telling.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("waiting to be told to {to}{by} because {because}{why}")
        }
        NotificationStatus::Failed => format!("could not be told to {to}{by} although {because}: {why}"),
    };
    if telling.may_repeat {
        line.push_str("; it may repeat an earlier message, whose arrival could not be made sure of");
    }
    if let Some(next) = next(telling, all) {
        line.push_str("; ");
        line.push_str(&next);
    }
    line
}

/// `by route[1] "payments" for team Payments`, after a comma.
fn by(telling: &Notification) -> String {
    let mut by = telling.route.as_deref().map(|route| format!(" by {route}")).unwrap_or_default();
    if let Some(team) = &telling.team {
        by.push_str(" for team ");
        by.push_str(team);
    }
    by
}

/// What happens next with a telling that has not arrived; `None` where nothing does.
pub(crate) fn next(telling: &Notification, all: &[Notification]) -> Option<String> {
    match telling.status {
        NotificationStatus::Held => after_the_hold(telling.held_by.as_deref()?),
        NotificationStatus::Pending if telling.in_flight && telling.next_attempt_at.is_none() => {
            Some("it is being sent".to_owned())
        }
        NotificationStatus::Pending => {
            let at = telling.next_attempt_at?;
            Some(match telling.receiver.as_str() {
                _ if telling.attempts == 0 => format!("told from {at} on"),
                DASHBOARD => format!("tried again at {at}"),
                _ => format!("tried again at {at}, and given up after {MAX_ATTEMPTS} failures"),
            })
        }
        NotificationStatus::Failed => Some(match instead(telling, all).as_slice() {
            [] => "given up; the dashboard shows it".to_owned(),
            others => format!("given up; told to {} instead", others.join(", ")),
        }),
        NotificationStatus::Sent | NotificationStatus::Joined => None,
    }
}

fn after_the_hold(held_by: &str) -> Option<String> {
    let (kind, id) = held_by.split_once(':').unwrap_or((held_by, ""));
    let until = match kind {
        "silence" => format!("when silence {id} ends"),
        "inhibition" => format!("when incident {id} has ended"),
        "maintenance" => "when the maintenance is over".to_owned(),
        _ => return None,
    };
    Some(format!("told once {until}, if it still fires"))
}

/// The receivers of the fallback that the same reason was handed to.
fn instead(telling: &Notification, all: &[Notification]) -> Vec<String> {
    let is_instead = |other: &&Notification| {
        other.id > telling.id
            && (other.reason, &other.occurrence) == (telling.reason, &telling.occurrence)
            && other.route.as_deref() == Some(FALLBACK)
    };
    all.iter().filter(is_instead).map(receiver).collect()
}

/// Who is told next while nobody answers, and when.
pub(crate) fn unless_acknowledged(
    incident: &Incident,
    all: &[Notification],
    routing: &Routing,
    now: Timestamp,
) -> Vec<String> {
    let counts = |telling: &&Notification| {
        let is_told = matches!(telling.status, NotificationStatus::Sent | NotificationStatus::Joined);
        let begins = [Reason::Opened, Reason::Reopened, Reason::StillFiring, Reason::SilenceEnded];
        is_told && telling.receiver == DASHBOARD && begins.contains(&telling.reason)
    };
    let Some(at) = all.iter().filter(counts).filter_map(|telling| telling.sent_at).max() else { return Vec::new() };
    if incident.status != Status::Notified {
        return Vec::new();
    }
    let told = Told { at, is_answered: false, reopened_count: incident.reopened_count };
    let mut lines = Vec::new();
    for routed in routing.route(&Subject::from(incident), now) {
        let Some((due, who)) = next_step(&told, &routed, now) else { continue };
        let line = format!("unless somebody acknowledges it, {who} is told at {due} by {}", routed.path);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The step or repetition that is due next, and who is told then.
fn next_step(told: &Told, routed: &Routed, now: Timestamp) -> Option<(Timestamp, String)> {
    let at = next_due(told, &routed.escalation, routed.repeat_interval, now)?;
    let is_then = |after| told.at.checked_add(after).is_ok_and(|step| step == at);
    let step = routed.escalation.iter().find(|step| is_then(step.after));
    Some((at, step.map_or_else(|| routed.receiver.clone(), |step| step.receivers.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::severity::Urgency;

    fn telling(status: NotificationStatus) -> Notification {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        Notification {
            id: 1,
            incident_id: 7,
            receiver: "payments".to_owned(),
            channel: "#payments".to_owned(),
            reason: Reason::Opened,
            occurrence: "1".to_owned(),
            urgency: Urgency::Notify,
            status,
            why: None,
            told_with: None,
            message: None,
            edits: 0,
            dirty: 0,
            attempts: 0,
            next_attempt_at: None,
            created_at: at,
            sent_at: Some(at),
            route: Some("route[1] \"payments\"".to_owned()),
            team: Some("Payments".to_owned()),
            held_by: None,
            in_flight: false,
            provider: None,
            shown_status: None,
            is_digest: false,
            may_repeat: false,
        }
    }

    #[test]
    fn every_telling_says_who_was_told_or_why_not_and_what_happens_next() {
        let by = "by route[1] \"payments\" for team Payments";
        let check = |telling: &Notification, expected: String| assert_eq!(line(telling, &[]), expected);
        let sent = Notification { edits: 2, may_repeat: true, ..telling(NotificationStatus::Sent) };
        check(
            &sent,
            format!(
                "told to payments (#payments) at 2026-01-02T03:04:05Z {by} because it opened; edited 2 times since; it may \
                 repeat an earlier message, whose arrival could not be made sure of"
            ),
        );
        let joined =
            Notification { told_with: Some(3), why: Some("a storm".to_owned()), ..telling(NotificationStatus::Joined) };
        check(
            &joined,
            format!("told to payments (#payments) inside the message of incident 3 {by} because it opened: a storm"),
        );
        let held = |held_by: Option<&str>| Notification {
            why: Some("quiet".to_owned()),
            held_by: held_by.map(str::to_owned),
            ..telling(NotificationStatus::Held)
        };
        let not_told = format!("not told to payments (#payments) {by} although it opened: quiet");
        for (held_by, next) in [
            (Some("silence:4"), "; told once when silence 4 ends, if it still fires"),
            (Some("inhibition:9"), "; told once when incident 9 has ended, if it still fires"),
            (Some("maintenance"), "; told once when the maintenance is over, if it still fires"),
            (None, ""),
        ] {
            check(&held(held_by), format!("{not_told}{next}"));
        }
        let pending = telling(NotificationStatus::Pending);
        check(&pending, format!("waiting to be told to payments (#payments) {by} because it opened"));
        let again = "2026-01-02T03:04:09Z".parse().ok();
        let why = Some("told about the same service 1 min ago".to_owned());
        let spared = Notification { why, next_attempt_at: again, ..telling(NotificationStatus::Pending) };
        check(
            &spared,
            format!(
                "waiting to be told to payments (#payments) {by} because it opened: told about the same service 1 min ago; \
                 told from 2026-01-02T03:04:09Z on"
            ),
        );
        let why = Some("server_error: 503".to_owned());
        let retried = Notification { attempts: 1, why, next_attempt_at: again, ..telling(NotificationStatus::Pending) };
        check(
            &retried,
            format!(
                "not told to payments (#payments) yet {by} although it opened: server_error: 503 (1 attempt); tried again \
                 at 2026-01-02T03:04:09Z, and given up after 30 failures"
            ),
        );
    }

    #[test]
    fn what_was_given_up_names_who_was_told_instead() {
        let failed =
            Notification { why: Some("channel_not_found: x".to_owned()), ..telling(NotificationStatus::Failed) };
        let other = Notification {
            id: 2,
            receiver: "oncall".to_owned(),
            channel: "#oncall".to_owned(),
            route: Some(FALLBACK.to_owned()),
            ..telling(NotificationStatus::Sent)
        };
        let later = Notification { occurrence: "2".to_owned(), ..other.clone() };
        let next = |all: &[Notification]| next(&failed, all).unwrap();
        assert_eq!(next(&[failed.clone(), other]), "given up; told to oncall (#oncall) instead");
        assert_eq!(next(&[failed.clone(), later]), "given up; the dashboard shows it");
    }
}
