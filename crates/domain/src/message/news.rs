//! What has become known of an incident since its message was posted, for the thread below that message. The message
//! itself is edited; whoever has read it once would not see what is new in it.
//!
//! A repeat is no news. News is an incident that is told in the same message, another kind of finding or rule, a
//! higher urgency, and a count that has reached the next power of ten.

use super::input::RelatedIncident;
use super::parts;
use super::{MAX_ENTRY, MAX_RELATED};
use crate::finding::Kind;
use crate::incident::Incident;
use crate::severity::Urgency;
use crate::text::{cut, outside_text};
use crate::words::counted;
use serde::{Deserialize, Serialize};

/// New rules that are named; a message holds no more.
const MAX_NEW: usize = 10;

/// What a message and its thread have said of an incident. Holds words of our own and numbers, no text from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    related: usize,
    kinds: Vec<String>,
    rules: Vec<String>,
    urgency: Urgency,
    events: u64,
}

/// What they have not said yet. No line has line breaks; every one is bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Incidents that are told in the message since, each with what the two share.
    pub related: Vec<String>,
    /// What is new about the incident itself.
    pub evidence: Vec<String>,
}

impl Known {
    /// What is known of an incident that so many others are told with.
    pub fn of(incident: &Incident, related: usize) -> Self {
        let mut rules: Vec<String> = Vec::new();
        for evidence in &incident.evidence {
            if !rules.contains(&evidence.rule) {
                rules.push(evidence.rule.clone());
            }
        }
        let (urgency, events) = (incident.urgency, incident.event_count);
        Self { related, kinds: kinds(incident), rules, urgency, events }
    }
}

impl News {
    /// What is known now and was not then; `None` where that is nothing to tell.
    pub fn since(known: &Known, incident: &Incident, related: &[RelatedIncident]) -> Option<Self> {
        let now = Known::of(incident, related.len());
        let mut evidence = Vec::new();
        let mut named = Vec::new();
        for rule in now.rules.iter().filter(|rule| !known.rules.contains(rule)).take(MAX_NEW) {
            let Some(first) = incident.evidence.iter().find(|one| one.rule == *rule) else { continue };
            named.push(first.kind.as_str());
            let line = format!("{} by {rule}: {}", first.kind.as_str(), first.text);
            evidence.push(cut(&outside_text(&line), MAX_ENTRY));
        }
        let is_new = |kind: &&String| !known.kinds.contains(kind) && !named.contains(&kind.as_str());
        evidence.extend(now.kinds.iter().filter(is_new).cloned());
        if now.urgency > known.urgency {
            evidence.push(format!("urgency {} instead of {}", now.urgency.as_str(), known.urgency.as_str()));
        }
        if power_of_ten(now.events) > power_of_ten(known.events) {
            evidence.push(format!("{} by now", counted(now.events, "event")));
        }
        let mut joined: Vec<String> =
            related.iter().skip(known.related).take(MAX_RELATED).map(parts::related_line).collect();
        let left_out = related.len().saturating_sub(known.related + MAX_RELATED);
        if left_out > 0 {
            joined.push(format!("and {left_out} more"));
        }
        (!joined.is_empty() || !evidence.is_empty()).then_some(Self { related: joined, evidence })
    }
}

/// The kinds of everything found, which stand among the labels, and of the evidence.
fn kinds(incident: &Incident) -> Vec<String> {
    let labels = incident.labels.iter().filter_map(|label| Kind::parse(label));
    let mut kinds: Vec<String> = Vec::new();
    for kind in labels.chain(incident.evidence.iter().map(|evidence| evidence.kind)) {
        if !kinds.iter().any(|known| known == kind.as_str()) {
            kinds.push(kind.as_str().to_owned());
        }
    }
    kinds
}

fn power_of_ten(count: u64) -> u32 {
    count.checked_ilog10().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyst::samples::db_timeout;
    use crate::incident::IncidentEvidence;

    fn lines(change: impl Fn(&mut Incident, &mut Vec<RelatedIncident>)) -> Vec<String> {
        let mut incident = db_timeout();
        (incident.event_count, incident.urgency) = (7, Urgency::Notify);
        let known = Known::of(&incident, 0);
        let mut related = Vec::new();
        change(&mut incident, &mut related);
        let stored: Known = serde_json::from_str(&serde_json::to_string(&known).unwrap()).unwrap();
        let news = News::since(&stored, &incident, &related).unwrap_or_default();
        [news.related, news.evidence].concat()
    }

    fn another(incident_id: i64) -> RelatedIncident {
        RelatedIncident {
            incident_id,
            service: "cart".to_owned(),
            summary: "no connection\nto <orders-db>".to_owned(),
            reason: "same database".to_owned(),
        }
    }

    #[test]
    fn a_repeat_is_no_news() {
        assert_eq!(lines(|_, _| ()), Vec::<String>::new());
        let repeat = |incident: &mut Incident, _: &mut Vec<_>| {
            incident.event_count = 9;
            incident.evidence.extend(incident.evidence.clone());
        };
        assert_eq!(lines(repeat), Vec::<String>::new());
    }

    #[test]
    fn another_rule_kind_urgency_or_power_of_ten_is_news() {
        let other_rule = |incident: &mut Incident, _: &mut Vec<_>| {
            let mut evidence = incident.evidence[0].clone();
            (evidence.rule, evidence.text) = ("pool-exhausted".to_owned(), "password=hunter2 remaining\n0".to_owned());
            incident.evidence.extend([evidence.clone(), evidence]);
        };
        let found = lines(other_rule);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("db_timeout by pool-exhausted: ") && !found[0].contains("hunter2"), "{found:?}");
        assert_eq!(lines(|incident, _| incident.labels.push("sqli".to_owned())), ["sqli"]);
        assert_eq!(lines(|incident, _| incident.labels.push("region=east".to_owned())), Vec::<String>::new());
        assert_eq!(lines(|incident, _| incident.urgency = Urgency::Page), ["urgency page instead of notify"]);
        assert_eq!(lines(|incident, _| incident.event_count = 10), ["10 events by now"]);
        assert_eq!(lines(|incident, _| incident.event_count = 12_345), ["12,345 events by now"]);
    }

    #[test]
    fn a_rule_that_matches_after_many_repeats_is_news_all_the_same() {
        let mut incident = db_timeout();
        let first = incident.evidence[0].clone();
        incident.keep_evidence(&vec![first.clone(); 50]);
        assert_eq!(incident.evidence.len(), Incident::MAX_EVIDENCE);
        let known = Known::of(&incident, 0);
        let other = |rule: &str| IncidentEvidence { rule: rule.to_owned(), ..first.clone() };
        incident.keep_evidence(&[first.clone(), other("pool-exhausted"), other("pool-exhausted")]);
        assert_eq!(incident.evidence.len(), Incident::MAX_EVIDENCE);
        assert_eq!(incident.evidence[0], first);
        let news = News::since(&known, &incident, &[]).unwrap();
        assert_eq!(news.evidence.len(), 1, "{news:?}");
        // There is an end to it: no rule takes the place of another.
        let many: Vec<IncidentEvidence> = (0..100).map(|number| other(&number.to_string())).collect();
        incident.keep_evidence(&many);
        assert_eq!(incident.evidence.len(), Incident::MAX_EVIDENCE);
        assert!(incident.evidence.iter().any(|one| one.rule == "pool-exhausted"));
        assert!(incident.evidence.iter().any(|one| one.rule == first.rule));
    }

    #[test]
    fn who_is_told_with_it_is_named_once_and_beyond_ten_counted() {
        assert_eq!(
            lines(|_, related| related.push(another(2))),
            ["#2 cart: no connection to <orders-db> (same database)"]
        );
        let many = lines(|_, related| related.extend((2..15).map(another)));
        assert_eq!((many.len(), many[10].as_str()), (11, "and 3 more"));
        let incident = db_timeout();
        assert_eq!(News::since(&Known::of(&incident, 1), &incident, &[another(2)]), None);
    }
}
