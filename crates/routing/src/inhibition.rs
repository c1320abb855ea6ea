//! Inhibition: while one incident is open, others that follow from it are not told.
//!
//! A cause inhibits while it is open, acknowledged and silenced ones too; one that is itself inhibited does
//! not. An attribute that either side lacks never counts as equal. A cause that also fits the target side of
//! its rule cannot be muted by another that does, so that two of a kind never mute each other.

use crate::matcher::{Attribute, Matcher, all_match};
use crate::subject::Subject;
use foghorn_domain::incident::IncidentId;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

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

/// Incidents between which one rule works: they fit it and share what must be equal.
#[derive(Default)]
struct Group {
    /// Fit the source side alone.
    causes: Vec<usize>,
    /// Fit both sides: they mute targets and are muted by causes.
    both: Vec<usize>,
    /// Fit the target side alone.
    targets: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Undecided,
    Free,
    Muted,
}

/// Who may mute whom, by groups and not by pairs, so that time and memory grow with incidents times rules.
struct Web {
    groups: Vec<Group>,
    /// The groups in which an incident is muted, and whether those that fit both sides mute it.
    muted_in: Vec<Vec<(usize, bool)>>,
    /// The groups in which it mutes.
    mutes_in: Vec<Vec<usize>>,
    /// Of each group, how many causes and how many of both sides are undecided.
    undecided: Vec<[usize; 2]>,
    states: Vec<State>,
    /// Incidents by id.
    order: Vec<usize>,
    ids: Vec<IncidentId>,
}

impl Web {
    fn of(rules: &[Inhibition], open: &[(IncidentId, Subject<'_>)]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut names: HashMap<(usize, Vec<BTreeSet<String>>), usize> = HashMap::new();
        let mut muted_in = vec![Vec::new(); open.len()];
        let mut mutes_in = vec![Vec::new(); open.len()];
        for (number, rule) in rules.iter().enumerate() {
            for (incident, (_, subject)) in open.iter().enumerate() {
                let sides = (all_match(&rule.source, subject), all_match(&rule.target, subject));
                let Some(shared) = rule.shared(subject).filter(|_| sides.0 || sides.1) else { continue };
                let group = *names.entry((number, shared)).or_insert(groups.len());
                if group == groups.len() {
                    groups.push(Group::default());
                }
                match sides {
                    (true, false) => groups[group].causes.push(incident),
                    (true, true) => groups[group].both.push(incident),
                    _ => groups[group].targets.push(incident),
                }
                if sides.0 {
                    mutes_in[incident].push(group);
                }
                if sides.1 {
                    muted_in[incident].push((group, !sides.0));
                }
            }
        }
        let undecided = groups.iter().map(|group| [group.causes.len(), group.both.len()]).collect();
        let ids: Vec<IncidentId> = open.iter().map(|(id, _)| *id).collect();
        let mut order: Vec<usize> = (0..open.len()).collect();
        order.sort_by_key(|incident| ids[*incident]);
        Self { groups, muted_in, mutes_in, undecided, states: vec![State::Undecided; open.len()], order, ids }
    }

    fn resolve(mut self) -> Vec<bool> {
        for incident in self.order.clone() {
            if self.is_unmutable(incident) {
                self.decide(incident, State::Free);
            }
        }
        for incident in self.order.clone() {
            while self.states[incident] == State::Undecided {
                let one_of_the_circle = self.circle_behind(incident);
                self.decide(one_of_the_circle, State::Free);
            }
        }
        self.states.iter().map(|state| *state == State::Muted).collect()
    }

    /// Whether nothing that is undecided could still mute it. (What a free incident mutes is decided at once.)
    fn is_unmutable(&self, incident: usize) -> bool {
        let settled = |(group, by_both): &(usize, bool)| {
            let [causes, both] = self.undecided[*group];
            causes == 0 && (both == 0 || !by_both)
        };
        self.states[incident] == State::Undecided && self.muted_in[incident].iter().all(settled)
    }

    /// Settles one incident and whatever follows from it. A state is set before its consequences are drawn, so
    /// that what a free incident mutes is never taken for free because nothing undecided is left to mute it.
    fn decide(&mut self, incident: usize, state: State) {
        let mut due = Vec::new();
        self.settle(incident, state, &mut due);
        while let Some(incident) = due.pop() {
            let is_free = self.states[incident] == State::Free;
            for group in self.mutes_in[incident].clone() {
                let is_both = self.muted_in[incident].iter().any(|(muted_in, _)| *muted_in == group);
                self.undecided[group][usize::from(is_both)] -= 1;
                let [causes, both] = self.undecided[group];
                if is_free {
                    // They are done with here: nobody has to go through them again.
                    let mut muted = std::mem::take(&mut self.groups[group].targets);
                    if !is_both {
                        muted.append(&mut self.groups[group].both);
                    }
                    muted.into_iter().for_each(|muted| self.settle(muted, State::Muted, &mut due));
                } else if causes == 0 && (both == 0 || !is_both) {
                    // Only the last cause, and the last of all, free those that waited: each list is read once.
                    let of = &self.groups[group];
                    let both_sides = of.both.iter().filter(|_| !is_both);
                    let waiting = both_sides.chain(of.targets.iter().filter(|_| both == 0)).copied();
                    let freed: Vec<usize> = waiting.filter(|waits| self.is_unmutable(*waits)).collect();
                    freed.into_iter().for_each(|freed| self.settle(freed, State::Free, &mut due));
                }
            }
        }
    }

    fn settle(&mut self, incident: usize, state: State, due: &mut Vec<usize>) {
        if self.states[incident] == State::Undecided {
            self.states[incident] = state;
            due.push(incident);
        }
    }

    /// Goes from an undecided incident to what may mute it, and on, until it comes round.
    fn circle_behind(&self, incident: usize) -> usize {
        let mut path = vec![incident];
        // Circles are as long as there are rules in them; a longer way is not worth going.
        while path.len() < 64 {
            let last = path[path.len() - 1];
            let Some(before) = self.undecided_before(last) else { break };
            if let Some(start) = path.iter().position(|other| *other == before) {
                let circle = path[start..].iter().copied();
                return circle.min_by_key(|other| self.ids[*other]).unwrap_or(last);
            }
            path.push(before);
        }
        path[path.len() - 1]
    }

    fn undecided_before(&self, incident: usize) -> Option<usize> {
        let groups = self.muted_in[incident].iter().map(|(group, by_both)| (&self.groups[*group], *by_both));
        let causes = groups.flat_map(|(group, by_both)| {
            group.causes.iter().chain(group.both.iter().filter(move |_| by_both)).copied()
        });
        causes.filter(|cause| self.states[*cause] == State::Undecided).min_by_key(|cause| self.ids[*cause])
    }
}

#[cfg(test)]
mod tests;
