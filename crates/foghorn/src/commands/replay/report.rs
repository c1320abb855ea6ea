//! What a replay is told as: the receipt, with what is to be said about the input. As JSON for programs; [`super::text`]
//! and [`super::page`] are for people.

use super::order::Times;
use super::reading::Unparsed;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::EndedBy;
use foghorn_domain::words::{counted, with_thousands};
use foghorn_pipeline::replay::{Receipt, ReplayedIncident, Sum, TemplateCount};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// See the module.
pub(super) struct Report {
    /// What was replayed, as people know it.
    pub(super) input: String,
    pub(super) receipt: Receipt,
    pub(super) times: Times,
    /// Whether moments of arrival drove the clock.
    pub(super) is_stored: bool,
    pub(super) unparsed: u64,
    /// The first of those.
    pub(super) unparsed_first: Vec<Unparsed>,
}

/// Templates that are named.
pub(super) const TEMPLATES_SHOWN: usize = 20;

impl Report {
    /// Everything that came in.
    pub(super) fn events(&self) -> u64 {
        self.receipt.sum.events + self.unparsed
    }

    /// The events by where they went, which adds up.
    pub(super) fn sum_in_words(&self) -> String {
        let Sum { in_incidents, in_templates_alone, repeats, .. } = self.receipt.sum;
        let mut parts = vec![
            format!("{} in incidents", with_thousands(in_incidents)),
            format!("{} in templates alone", with_thousands(in_templates_alone)),
        ];
        if repeats > 0 {
            parts.push(format!("{} repeats", with_thousands(repeats)));
        }
        parts.push(format!("{} unparsed", with_thousands(self.unparsed)));
        format!("{} = {}", counted(self.events(), "event"), parts.join(" + "))
    }

    /// What drove the clock.
    pub(super) fn clock_in_words(&self) -> String {
        let Times { written, made_up } = self.times;
        match (self.is_stored, written, made_up) {
            _ if self.receipt.sum.events == 0 => "nothing was heard".to_owned(),
            (true, ..) => "the clock went by when the events arrived".to_owned(),
            (_, 0, _) => "no time is written in it: events arrived one a millisecond".to_owned(),
            (_, _, 0) => "the clock went by the times that are written in it (UTC where no zone is)".to_owned(),
            (_, _, made_up) => format!(
                "the clock went by the times that are written in it (UTC where no zone is); {} without one",
                counted(made_up, "event")
            ),
        }
    }

    /// Incidents that would have been told by a message of their own, or in another's.
    pub(super) fn told(&self) -> impl Iterator<Item = &ReplayedIncident> {
        self.receipt.incidents.iter().filter(|one| is_told(one))
    }

    /// Incidents of which nobody would have heard.
    pub(super) fn untold(&self) -> impl Iterator<Item = &ReplayedIncident> {
        self.receipt.incidents.iter().filter(|one| !is_told(one))
    }

    /// Whom the messages would have gone to, and how many.
    pub(super) fn receivers(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for telling in self.receipt.incidents.iter().flat_map(|one| &one.tellings) {
            *counts.entry(whom(&telling.receiver, &telling.channel)).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    /// The reasons for which something was held back, the most frequent first.
    pub(super) fn reasons_held(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for held in self.receipt.incidents.iter().flat_map(|one| &one.held_back) {
            *counts.entry(held.why.clone()).or_insert(0) += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    pub(super) fn held_back(&self) -> usize {
        self.receipt.incidents.iter().map(|one| one.held_back.len()).sum()
    }

    pub(super) fn json(&self) -> Value {
        let Receipt { sum, first, last, incidents, templates } = &self.receipt;
        let held = incidents.iter().flat_map(|one| {
            one.held_back
                .iter()
                .map(move |held| json!({ "incident_id": one.incident.id, "at": held.at, "why": held.why }))
        });
        let template =
            |one: &TemplateCount| json!({ "service": one.service, "count": one.count, "first_line": one.first_line });
        let place = |one: &Unparsed| json!({ "line": one.line, "column": one.column, "why": one.why });
        json!({
            "events": self.events(),
            "templates": templates.len(),
            "incidents": incidents.iter().map(incident).collect::<Vec<_>>(),
            "messages": self.receipt.messages(),
            "pages": self.receipt.pages(),
            "held_back": held.collect::<Vec<_>>(),
            "unparsed": self.unparsed,
            "sum": {
                "in_incidents": sum.in_incidents, "in_templates_alone": sum.in_templates_alone,
                "repeats": sum.repeats, "unparsed": self.unparsed,
            },
            "first": first, "last": last, "clock": self.clock_in_words(),
            "most_frequent_templates": templates.iter().take(TEMPLATES_SHOWN).map(template).collect::<Vec<_>>(),
            "unparsed_first": self.unparsed_first.iter().map(place).collect::<Vec<_>>(),
        })
    }
}

fn incident(one: &ReplayedIncident) -> Value {
    let ReplayedIncident { incident, told_with, tellings, .. } = one;
    let tellings = tellings.iter().map(|telling| {
        json!({
            "at": telling.at, "receiver": telling.receiver, "reason": telling.reason, "urgency": telling.urgency,
            "channel": telling.channel, "route": telling.route,
        })
    });
    json!({
        "id": incident.id, "kind": incident.kind, "severity": incident.severity, "urgency": incident.urgency,
        "service": incident.service, "environment": incident.environment, "summary": incident.summary,
        "first_seen": incident.first_seen, "last_seen": incident.last_seen, "event_count": incident.event_count,
        "ended_by": incident.ended_by.map(EndedBy::as_str), "told_with": told_with,
        "tellings": tellings.collect::<Vec<_>>(),
    })
}

fn is_told(one: &ReplayedIncident) -> bool {
    !one.tellings.is_empty() || one.told_with.is_some()
}

/// A receiver as people know it.
pub(super) fn whom(receiver: &str, channel: &str) -> String {
    if channel.is_empty() || channel == receiver { receiver.to_owned() } else { format!("{receiver} ({channel})") }
}

/// A moment to the second.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
