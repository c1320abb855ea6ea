//! Who mutes whom among many open incidents, settled from the beginnings of chains to their ends.

use super::Inhibition;
use crate::matcher::all_match;
use crate::subject::Subject;
use foghorn_domain::incident::IncidentId;
use std::collections::{BTreeSet, HashMap};

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
pub(super) struct Web {
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
    pub(super) fn of(rules: &[Inhibition], open: &[(IncidentId, Subject<'_>)]) -> Self {
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

    /// Which are inhibited, in the order of the incidents.
    pub(super) fn resolve(mut self) -> Vec<bool> {
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
