//! One function for each part of a message.

use super::input::{Change, MessageInput};
use super::{ActionButton, MAX_CAUSE, MAX_ENTRY, MAX_HEADLINE, MAX_LINE, MAX_RELATED, MAX_SIMILAR, MAX_SUMMARY};
use crate::analysis::RootCause;
use crate::analyst::SimilarIncident;
use crate::clock::{SignedDuration, Timestamp};
use crate::incident::{Action, EndedBy, Incident, Status};
use crate::notification::{LetGoBy, Reason};
use crate::text::{cut, outside_text};
use crate::words::{ago, counted, day, moment, span, with_thousands};

/// How long before its start a change is held to have something to do with an incident.
const CHANGE_COUNTS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Names of services, teams and people, in characters.
const MAX_NAME: usize = 40;

fn name(text: &str) -> String {
    cut(&outside_text(text), MAX_NAME)
}

pub(super) fn headline(incident: &Incident) -> String {
    let severity = incident.severity.as_str().to_uppercase();
    let headline = format!("{severity} · {} · {}", name(&incident.service), outside_text(&incident.summary));
    cut(&headline, MAX_HEADLINE)
}

pub(super) fn history(input: &MessageInput<'_>) -> String {
    let mut text = seen(input);
    if input.last_time.and_then(SimilarIncident::confirmed_fix).is_none()
        && let Some((most_alike, fix)) = input.similar.first().and_then(|found| Some((found, found.confirmed_fix()?)))
    {
        text = format!("{}; {}: {}", cut(&text, 120), likeness(most_alike, input.now), quoted(fix, 120));
    }
    cut(&text, MAX_LINE)
}

/// How often this very trouble was there, and what was done about it the last time.
fn seen(input: &MessageInput<'_>) -> String {
    let seen = input.seen_before + u64::from(input.incident.reopened_count);
    let Some(last) = input.last_time else {
        return if seen == 0 { "New here".to_owned() } else { format!("Seen {}×", with_thousands(seen)) };
    };
    let when = last.resolved_at.map(|at| day(at, input.now));
    // Where nobody stands behind a fix there is nobody to name, and nothing whose outcome counts.
    let written = last.solution.as_deref().filter(|_| last.confirmed);
    let who = last.author.as_deref().filter(|_| written.is_some()).map(name);
    let when_and_who: Vec<String> = [when, who].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let mut text = format!("Seen {}×; last {}", with_thousands(seen.max(1)), when_and_who.join(", "));
    let fix = written.map(|fix| quoted(fix, 120));
    match (fix, when_and_who.is_empty()) {
        (Some(fix), false) => text.push_str(&format!(": {fix}")),
        (Some(fix), true) => text.push_str(&format!("time: {fix}")),
        (None, nameless) => {
            text.push_str(if nameless { "time, " } else { ", " });
            text.push_str(if last.solution.is_some() { "no confirmed fix" } else { "no fix written down" });
        }
    }
    let outcome = last.outcome.as_deref().filter(|_| written.is_some()).map(outside_text);
    if let Some(outcome) = outcome.filter(|outcome| !outcome.is_empty()) {
        text.push_str(&format!("; {}", cut(&outcome, 60)));
    }
    text
}

/// `like #12 (0.71), 12 Mar, ana`: what another incident has to do with this one, and who wrote its fix.
fn likeness(found: &SimilarIncident, now: Timestamp) -> String {
    let id = found.incident_id.map_or_else(|| name(&found.id), |id| format!("#{id}"));
    let how = if found.is_strong() { "like" } else { "a little like" };
    let when = found.resolved_at.map(|at| day(at, now));
    let who = found.author.as_deref().map(name);
    let about: Vec<String> = [when, who].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let about = if about.is_empty() { String::new() } else { format!(", {}", about.join(", ")) };
    format!("{how} {id} ({:.2}){about}", found.similarity.clamp(0.0, 1.0))
}

/// A written fix, marked where it could do harm.
fn quoted(fix: &str, at_most: usize) -> String {
    let warning = if crate::analyst::is_risky(fix).is_some() { "check before use: " } else { "" };
    format!("{warning}{}", cut(&outside_text(fix), at_most))
}

/// When the trouble began: for one that came back, when it came back.
fn began(incident: &Incident) -> Timestamp {
    let came_back = incident.changes.last().filter(|_| incident.reopened_count > 0 && incident.status.is_open());
    came_back.copied().unwrap_or(incident.first_seen)
}

pub(super) fn change(input: &MessageInput<'_>) -> Option<String> {
    let began = began(input.incident);
    let counts = |change: &&Change| change.at <= began && began.duration_since(change.at) <= CHANGE_COUNTS_FOR;
    let latest = input.changes.iter().filter(counts).max_by_key(|change| change.at)?;
    let others = input.changes.iter().filter(counts).count() - 1;
    let more = if others > 0 { format!(" (and {others} more)") } else { String::new() };
    let before = match began.duration_since(latest.at) {
        length if length.as_secs() == 0 => "just".to_owned(),
        length => span(length),
    };
    Some(cut(&format!("Changed {before} before: {}{more}", cut(&outside_text(&latest.what), 160)), MAX_LINE))
}

pub(super) fn reason(input: &MessageInput<'_>) -> Option<String> {
    let incident = input.incident;
    let age = || span(input.now.duration_since(began(incident)));
    let text = match input.reason {
        Reason::Opened => return None,
        Reason::SeverityRaised => format!("Severity raised: it is {} now", incident.severity.as_str()),
        Reason::Reopened => match incident.reopened_count {
            0 | 1 => "Reopened: it had ended and is back".to_owned(),
            times => format!("Reopened: it had ended and is back, {times} times now"),
        },
        Reason::StillFiring => match incident.still_firing_since {
            Some(since) => {
                format!("Still firing: it was resolved, and its source has fired on since {}", moment(since, input.now))
            }
            None => "Still firing: it was resolved, and its source fires on".to_owned(),
        },
        Reason::Unacknowledged => format!("Not acknowledged: nobody has taken it in {}", age()),
        Reason::SilenceEnded => {
            let why = match input.let_go_by {
                LetGoBy::Silence => "Silence ended".to_owned(),
                LetGoBy::Outgrown => "Grew beyond its silence".to_owned(),
                LetGoBy::Maintenance => "Maintenance ended".to_owned(),
                LetGoBy::Cause(Some(cause)) => format!("No longer muted by incident {cause}"),
                LetGoBy::Cause(None) => "No longer muted by another incident".to_owned(),
            };
            format!("{why}: it has gone on for {} and still does", age())
        }
        Reason::DetailsRequested => "Asked for: what it rests on, and what is like it".to_owned(),
        Reason::MoreKnown => "More is known".to_owned(),
    };
    Some(cut(&text, MAX_LINE))
}

pub(super) fn title(input: &MessageInput<'_>) -> String {
    let kind = input.incident.kind.as_str();
    let team = input.team.map(name).filter(|team| !team.is_empty());
    let team = team.map_or_else(|| kind.to_owned(), |team| format!("{team}, {kind}"));
    // The summary is cut, never what stands in the brackets.
    let summary = cut(&outside_text(&input.incident.summary), MAX_ENTRY - 100);
    format!("*Incident #{}* — {summary} ({team})", input.incident.id)
}

pub(super) fn status_line(input: &MessageInput<'_>) -> String {
    let incident = input.incident;
    let mut line = vec![standing(input)];
    if let Some(since) = incident.still_firing_since {
        line.push(format!("still firing since {}", moment(since, input.now)));
    }
    if let Some(since) = incident.flapping_since {
        line.push(format!("flapping since {}", moment(since, input.now)));
    }
    let events = counted(incident.event_count, "event");
    line.push(match incident.event_count {
        0 | 1 => format!("{events}, {}", moment(incident.first_seen, input.now)),
        _ => {
            let last = ago(incident.last_seen, input.now);
            format!("{events} since {}, the last {last}", moment(incident.first_seen, input.now))
        }
    });
    if let Some(previous) = incident.previous_incident_id {
        line.push(format!("follows incident #{previous}"));
    }
    cut(&line.join(" · "), MAX_LINE)
}

/// The status in words, with the hand that set it where that is known.
fn standing(input: &MessageInput<'_>) -> String {
    let incident = input.incident;
    let by = |action: Action| match input.acted.filter(|acted| acted.what == action) {
        Some(acted) => format!(" by {}, {}", name(&acted.who), ago(acted.when, input.now)),
        None => String::new(),
    };
    match incident.status {
        Status::Open => "Open".to_owned(),
        Status::Notified => match by(Action::Reopen) {
            hand if hand.is_empty() => "Open, not acknowledged".to_owned(),
            hand => format!("Reopened{hand}"),
        },
        Status::Acknowledged => format!("Acknowledged{}", by(Action::Ack)),
        Status::NeedsInfo => format!("More information asked for{}", by(Action::Info)),
        Status::FalsePositive => format!("False positive, marked{}", by(Action::FalsePositive)),
        Status::Resolved => match incident.ended_by {
            None | Some(EndedBy::Person) => format!("Resolved{}", by(Action::Resolve)),
            Some(EndedBy::Source) => "Over: its source says so".to_owned(),
            Some(EndedBy::Quiet) => {
                format!("Over: quiet since {}", moment(incident.last_seen, input.now))
            }
        },
    }
}

pub(super) fn ai_summary(input: &MessageInput<'_>) -> String {
    let analysis = &input.explained.analysis;
    let summary = cut(&outside_text(&analysis.summary), MAX_SUMMARY - 40);
    let ended = if summary.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{summary}{ended} Confidence: {} ({:.2}).", analysis.confidence.as_str(), input.explained.confidence)
}

pub(super) fn causes(input: &MessageInput<'_>) -> Vec<String> {
    let causes = input.explained.analysis.root_causes.iter().take(crate::analyst::MAX_CAUSES);
    causes.enumerate().map(|(index, cause)| cause_line(index + 1, cause)).collect()
}

fn cause_line(number: usize, cause: &RootCause) -> String {
    let fixes: Vec<String> = cause.fixes.iter().map(|fix| cut(&outside_text(fix), 300)).collect();
    let text = cut(&outside_text(&cause.cause), 200);
    let rests_on = rests_on(cause);
    let fixes = if fixes.is_empty() { String::new() } else { format!(" - fixes: {}", fixes.join(", ")) };
    cut(&format!("{number}. {text}{rests_on}{fixes}"), MAX_CAUSE)
}

/// What a cause rests on: `E…` is evidence on the incident's page, `M…` a similar incident below.
fn rests_on(cause: &RootCause) -> String {
    let shown: Vec<String> = cause.evidence.iter().take(4).map(|id| cut(&outside_text(id), 8)).collect();
    match (shown.is_empty(), cause.evidence.len() - shown.len()) {
        (true, _) => String::new(),
        (_, 0) => format!(" ({})", shown.join(", ")),
        (_, more) => format!(" ({} and {more} more)", shown.join(", ")),
    }
}

pub(super) fn similar(input: &MessageInput<'_>) -> Vec<String> {
    let shown = input.similar.iter().take(MAX_SIMILAR).enumerate();
    shown.map(|(index, similar)| format!("M{} {}", index + 1, similar_line(similar, input.now))).collect()
}

fn similar_line(similar: &SimilarIncident, now: Timestamp) -> String {
    let id = similar.incident_id.map_or_else(|| name(&similar.id), |id| format!("#{id}"));
    let summary = cut(&outside_text(&similar.summary), 140);
    let similarity = similar.similarity.clamp(0.0, 1.0);
    // Without a fix that people stand behind there is nobody to name.
    let who = similar.author.as_deref().filter(|_| similar.confirmed_fix().is_some()).map(name);
    let when = similar.resolved_at.map(|at| day(at, now));
    let outcome = similar.outcome.as_deref().map(|outcome| cut(&outside_text(outcome), 60));
    let about: Vec<String> = [who, when, outcome].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let solution = match similar.confirmed_fix() {
        Some(fix) => format!("fixed by: {}", quoted(fix, 160)),
        None => "no confirmed fix".to_owned(),
    };
    cut(&format!("{id} (similarity {similarity:.2}): {summary} — {solution}{about}"), MAX_ENTRY - 10)
}

pub(super) fn related(input: &MessageInput<'_>) -> Vec<String> {
    let mut lines: Vec<String> = input.related.iter().take(MAX_RELATED).map(related_line).collect();
    let left_out = input.related.len().saturating_sub(MAX_RELATED);
    if left_out > 0 {
        lines.push(format!("and {left_out} more"));
    }
    lines
}

pub(super) fn related_line(related: &super::RelatedIncident) -> String {
    let summary = cut(&outside_text(&related.summary), 160);
    let reason = cut(&outside_text(&related.reason), 80);
    cut(&format!("#{} {}: {summary} ({reason})", related.incident_id, name(&related.service)), MAX_ENTRY)
}

/// The buttons that would change something in the incident's status.
pub(super) fn actions(incident: &Incident) -> Vec<ActionButton> {
    let buttons: &[(&str, &str)] = match incident.status.is_open() {
        true => &[
            ("ack", "Acknowledge"),
            ("info", "Request More Info"),
            ("resolve", "Mark as Resolved"),
            ("false_positive", "False Positive"),
            ("add_solution", "Add Solution"),
        ],
        false => &[("reopen", "Reopen"), ("add_solution", "Add Solution")],
    };
    let changes_nothing =
        |action: &str| Action::parse(action).is_some_and(|action| action.leads_to() == incident.status);
    let useful = buttons.iter().filter(|(action_id, _)| !(incident.status.is_open() && changes_nothing(action_id)));
    let button = |(action_id, label): &(&str, &str)| ActionButton {
        action_id: (*action_id).to_owned(),
        label: (*label).to_owned(),
        value: incident.id.to_string(),
    };
    useful.map(button).collect()
}

pub(super) fn link(input: &MessageInput<'_>) -> Option<String> {
    let base = input.public_url?.trim().trim_end_matches('/');
    (!base.is_empty()).then(|| format!("{base}/incidents/{}", input.incident.id))
}
