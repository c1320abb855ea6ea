//! Inhibition: while one incident is open, others that follow from it are not told.
//!
//! A cause inhibits while it is open, acknowledged and silenced ones too; one that is itself inhibited does
//! not. An attribute that either side lacks never counts as equal. A cause that also fits the target side of
//! its rule cannot be muted by another that does, so that two of a kind never mute each other.

mod web;

use crate::matcher::{Attribute, Matcher, all_match};
use crate::subject::Subject;
use foghorn_domain::incident::IncidentId;
use serde::Serialize;
use std::collections::BTreeSet;
use web::Web;

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct Inhibition {
    /// What the rule is called, for people.
    pub name: Option<String>,
    /// The causes.
    pub source: Vec<Matcher>,
    /// What they mute.
    pub target: Vec<Matcher>,
    /// What both sides must have in common.
    #[serde(serialize_with = "as_texts")]
    pub equal: Vec<Attribute>,
}

fn as_texts<S: serde::Serializer>(attributes: &[Attribute], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(attributes.iter().map(ToString::to_string))
}

/// An open incident that may inhibit others.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a> {
    /// Which.
    pub id: IncidentId,
    /// What it is.
    pub subject: Subject<'a>,
    /// Whether it is itself inhibited; [`inhibited_among`] says so. That it is silenced, in maintenance or
    /// acknowledged does not matter.
    pub is_inhibited: bool,
}

impl Inhibition {
    /// Whether `source` mutes `target` by this rule.
    pub fn mutes(&self, source: &Subject<'_>, target: &Subject<'_>) -> bool {
        let are_of_a_kind = || all_match(&self.source, target) && all_match(&self.target, source);
        all_match(&self.target, target)
            && all_match(&self.source, source)
            && !are_of_a_kind()
            && self.shared(source).is_some_and(|shared| Some(shared) == self.shared(target))
    }

    /// What must be equal, as the subject has it; `None` where something is missing, which equals nothing.
    fn shared(&self, subject: &Subject<'_>) -> Option<Vec<BTreeSet<String>>> {
        let values = self.equal.iter().map(|attribute| {
            let mut values = BTreeSet::new();
            attribute.any(subject, |value| {
                values.extend((!value.is_empty()).then(|| value.to_owned()));
                false
            });
            (!values.is_empty()).then_some(values)
        });
        values.collect()
    }
}

/// Which of the open incidents are inhibited, in their order. Chains are followed from their beginning; where
/// incidents would mute each other in a circle, the one with the smallest id in it stays free.
pub fn inhibited_among(rules: &[Inhibition], open: &[(IncidentId, Subject<'_>)]) -> Vec<bool> {
    Web::of(rules, open).resolve()
}

#[cfg(test)]
mod tests;
