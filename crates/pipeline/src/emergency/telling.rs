//! One message without the database: as lines for Slack, as a message like any other for everybody else, and as an
//! incident that no store has, with a number below zero, for receivers that are programs.

use super::desk::Batch;
use crate::explain::Told;
use crate::receivers::Outgoing;
use crate::routes::Routes;
use crate::trial;
use foghorn_domain::analyst;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::finding::Kind;
use foghorn_domain::fingerprint::Fingerprint;
use foghorn_domain::incident::{Incident, Status};
use foghorn_domain::lifecycle::{Policy, Signal, receive};
use foghorn_domain::message::{self, MAX_ENTRY, MAX_HEADLINE, MAX_LINE, MAX_RELATED, MAX_SUMMARY, MessageInput};
use foghorn_domain::notification::ReasonKey;
use foghorn_domain::playbook::Playbooks;
use foghorn_domain::severity::{Severity, Urgency};
use foghorn_domain::text::cut;
use foghorn_domain::words::{counted, with_thousands};
use foghorn_slack::blocks::Emergency as ForSlack;
use foghorn_store::model::{Explanation, History, Notification};
use foghorn_store::outbox::Routed;

/// One message with everything that a receiver may want of it.
pub(super) struct Telling {
    row: Notification,
    incident: Incident,
    told: Told,
    for_slack: ForSlack,
    now: Timestamp,
}

impl Telling {
    pub(super) fn new(batch: &Batch, number: i64, receiver: &str, channel: &str, now: Timestamp) -> Option<Self> {
        let lines: Vec<String> = batch.criticals.iter().map(|critical| critical.line()).collect();
        let service = batch.criticals.first().map_or("foghorn", |critical| critical.service.as_str());
        let mut telling = Self::about(number, receiver, channel, now, service, headline(&lines, batch))?;
        let words = Words::of(batch, &lines);
        let message = &mut telling.told.message;
        message.headline = cut(&format!("EMERGENCY · {}", telling.incident.summary), MAX_HEADLINE);
        message.history = cut(&words.left_out.clone().unwrap_or_else(|| words.title.clone()), MAX_LINE);
        message.title = cut(&format!("*Emergency* — {}", words.title), MAX_ENTRY);
        message.status_line = "No incident number yet".to_owned();
        message.ai_summary = cut(&words.note, MAX_SUMMARY);
        message.related = packed(&lines);
        message.marked = Some(cut(&words.marked(), MAX_LINE));
        telling.for_slack = ForSlack {
            headline: telling.incident.summary.clone(),
            title: words.title,
            note: words.note,
            lines,
            left_out: words.left_out,
        };
        Some(telling)
    }

    /// That a message is over, since the incidents are told now.
    pub(super) fn over(number: i64, receiver: &str, channel: &str, now: Timestamp) -> Option<Self> {
        let mut telling = Self::about(number, receiver, channel, now, "foghorn", "the database is back".to_owned())?;
        telling.incident.status = Status::Resolved;
        Some(telling)
    }

    fn about(
        number: i64,
        receiver: &str,
        channel: &str,
        now: Timestamp,
        service: &str,
        summary: String,
    ) -> Option<Self> {
        let incident = incident(number, service, &summary, now)?;
        let explained = analyst::explain(&incident, &[], &Playbooks::builtin());
        let mut message = message::build(&MessageInput::new(&incident, &explained, now));
        message.actions.clear();
        message.causes.clear();
        message.link = None;
        let analyst::Explained { analysis, confidence_because, docs, .. } = explained;
        let told = Told {
            explanation: Explanation { analysis, confidence_because, docs },
            message,
            similar: Vec::new(),
            history: History::default(),
            related: Vec::new(),
            wanted: None,
        };
        let row = Notification { id: number, urgency: Urgency::Page, ..trial::row(receiver, channel, None, now) };
        Some(Self { row, incident, told, for_slack: ForSlack::default(), now })
    }

    pub(super) fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            row: &self.row,
            incident: &self.incident,
            told: &self.told,
            storm: None,
            emergency: Some(&self.for_slack),
            news: None,
            first_notification: None,
            now: self.now,
        }
    }
}

/// What a message says beside the criticals.
struct Words {
    title: String,
    note: String,
    left_out: Option<String>,
    may_repeat: bool,
}

impl Words {
    fn of(batch: &Batch, lines: &[String]) -> Self {
        let since = batch.away_since.strftime("%H:%M:%S UTC");
        let count = counted(lines.len() as u64, "critical");
        let repeats = if batch.may_repeat { " This may repeat an earlier message." } else { "" };
        let left_out = batch.left_out;
        Self {
            title: format!("{count}, told without the database, which has been away since {since}"),
            note: format!(
                "These are kept on disk and told in an emergency, in no incident yet: there is no number, no button, and \
                 silences and routes were not asked. Each is told again as an incident when the database is back.{repeats}"
            ),
            left_out: (left_out > 0).then(|| {
                format!(
                    "{} more came for which there is no room here; they are kept and told when the database is back",
                    with_thousands(left_out)
                )
            }),
            may_repeat: batch.may_repeat,
        }
    }

    fn marked(&self) -> String {
        let repeats = if self.may_repeat { "; this may repeat an earlier message" } else { "" };
        format!(
            "told in an emergency: the database cannot be reached, buttons do not work, and the incident follows when it \
             is back{repeats}"
        )
    }
}

/// `CRITICAL · checkout · the pool is exhausted (and 12 more)`.
fn headline(lines: &[String], batch: &Batch) -> String {
    let first = lines.first().map_or("more than there is room for", String::as_str);
    match lines.len().saturating_sub(1) + batch.more {
        0 => format!("CRITICAL · {}", cut(first, 110)),
        more => format!("CRITICAL · {} (and {more} more)", cut(first, 100)),
    }
}

/// Many lines in the few entries that a message has.
fn packed(lines: &[String]) -> Vec<String> {
    let in_one = lines.len().div_ceil(MAX_RELATED).max(1);
    let room = MAX_ENTRY / in_one - 3;
    lines.chunks(in_one).map(|some| some.iter().map(|line| cut(line, room)).collect::<Vec<_>>().join(" | ")).collect()
}

/// Whom the routes lead an alert to that pages, where the fallback leads to nobody.
pub(super) fn routed_otherwise(routes: &Routes, now: Timestamp) -> Vec<Routed> {
    let alert = incident(-1, "foghorn", "", now);
    alert.map(|alert| routes.routed(&alert, &ReasonKey::opened(), now)).unwrap_or_default()
}

fn incident(number: i64, service: &str, summary: &str, now: Timestamp) -> Option<Incident> {
    let why = || "told without the database".to_owned();
    let signal = Signal {
        event_id: 0,
        arrived_at: now,
        happened_at: now,
        status: None,
        episode: None,
        fingerprint: Fingerprint::from_stored(format!("emergency{number}")),
        fingerprint_of: "an emergency".to_owned(),
        partition: 0,
        service: service.to_owned(),
        environment: "default".to_owned(),
        kind: Kind::Alert,
        score: 1.0,
        rule: "emergency".to_owned(),
        threshold: 0.0,
        severity: (Severity::Critical, why()),
        urgency: (Urgency::Page, why()),
        summary: summary.to_owned(),
        labels: vec!["emergency".to_owned()],
        anomaly_score: None,
        evidence: Vec::new(),
        correlations: Vec::new(),
        ends_by_source: false,
        findings: Vec::new(),
    };
    let begun = receive(None, &signal, &Policy::default()).ok()?;
    Some(Incident { id: number, status: Status::Notified, ..begun.incident })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emergency::critical::Critical;
    use crate::emergency::desk::MOST_IN_ONE;
    use std::sync::Arc;

    fn batch(criticals: usize, left_out: u64) -> Batch {
        let critical = |number: usize| Critical {
            fingerprint: Fingerprint::of_key("uptime", &number.to_string()),
            service: format!("service-{number}"),
            environment: "staging".to_owned(),
            summary: "the pool is exhausted ".repeat(6),
            at: Timestamp::UNIX_EPOCH,
        };
        Batch {
            criticals: (0..criticals).map(|number| Arc::new(critical(number))).collect(),
            left_out,
            more: 0,
            away_since: "2026-01-02T03:04:05Z".parse().unwrap(),
            may_repeat: true,
            tries: 0,
        }
    }

    fn message(batch: &Batch) -> foghorn_domain::message::Message {
        Telling::new(batch, -7, "mail", "a@example.org", Timestamp::UNIX_EPOCH).unwrap().told.message
    }

    #[test]
    fn a_mail_names_every_critical_within_the_bounds_of_a_message() {
        for criticals in [0, 1, 2, 10, 11, MOST_IN_ONE] {
            let message = message(&batch(criticals, 3));
            let all = message.related.join("\n");
            assert!((0..criticals).all(|number| all.contains(&format!("service-{number} (staging)"))), "{all}");
            assert!(message.related.len() <= MAX_RELATED);
            assert!(message.related.iter().all(|entry| entry.chars().count() <= MAX_ENTRY));
            // Cut texts would end in the middle of what has to be said.
            let said = [&message.ai_summary, &message.history, &message.title, message.marked.as_ref().unwrap()];
            assert!(said.iter().all(|text| !text.ends_with('…')), "{said:?}");
        }
    }

    #[test]
    fn a_message_says_what_it_is_and_offers_nothing_that_does_not_work() {
        let message = message(&batch(2, 1_234));
        assert!(
            message.headline.starts_with("EMERGENCY · CRITICAL · service-0 (staging) · the pool"),
            "{}",
            message.headline
        );
        assert_eq!(
            message.title,
            "*Emergency* — 2 criticals, told without the database, which has been away since 03:04:05 UTC"
        );
        assert!(message.history.starts_with("1,234 more came"), "{}", message.history);
        assert!(message.marked.unwrap().contains("may repeat an earlier message"));
        assert!(message.actions.is_empty() && message.causes.is_empty() && message.link.is_none());
    }
}
