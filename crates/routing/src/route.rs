//! The tree of routes and the walk through it.
//!
//! A route fits where all its matchers and its hours do. Then its children are asked in order; where one of
//! them leads somewhere, that is the answer, else the route's own receivers are. A route that fits and leads
//! nowhere counts as one that does not fit. After an answer the walk ends, unless the route says `continue`.

use crate::escalation::Step;
use crate::hours::Hours;
use crate::matcher::{Matcher, all_match};
use crate::subject::Subject;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One route. Team, intervals and escalation are those of the route above where it names none.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) name: Option<String>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) hours: Option<Hours>,
    pub(crate) receivers: Vec<String>,
    pub(crate) goes_on: bool,
    pub(crate) settings: RouteSettings,
    pub(crate) children: Vec<Route>,
    /// Where it stands in the file.
    pub(crate) at: usize,
}

/// What a route says about how its receivers are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteSettings {
    pub(crate) team: Option<String>,
    pub(crate) group_interval: Option<SignedDuration>,
    pub(crate) repeat_interval: Option<SignedDuration>,
    pub(crate) escalation: Option<Vec<Step>>,
}

/// One receiver that is to be told, and how the walk came there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// The receiver's name.
    pub receiver: String,
    /// The team whose trouble it is.
    pub team: Option<String>,
    /// `route[2] "payments" > route[0]`, or `fallback`.
    pub path: String,
    /// What fitted on the way, the outermost route first: `service = checkout`. Empty for the fallback.
    pub because: Vec<String>,
    /// The least time between two messages about one service in one environment to this receiver.
    pub group_interval: Option<SignedDuration>,
    /// How often it is told again while nobody acknowledges.
    pub repeat_interval: Option<SignedDuration>,
    /// Who is told next while nobody acknowledges.
    pub escalation: Vec<Step>,
}

impl Route {
    /// How the path names it: `route[2] "payments"`.
    pub(crate) fn label(&self, index: usize) -> String {
        match &self.name {
            Some(name) => format!("route[{index}] \"{name}\""),
            None => format!("route[{index}]"),
        }
    }

    /// Whether it takes every subject that fits it, whatever its children say.
    pub(crate) fn takes_all(&self) -> bool {
        !self.receivers.is_empty()
    }
}

impl RouteSettings {
    /// What holds below a route.
    pub(crate) fn below(&self, above: &Self) -> Self {
        let own = self.clone();
        Self {
            team: own.team.or_else(|| above.team.clone()),
            group_interval: own.group_interval.or(above.group_interval),
            repeat_interval: own.repeat_interval.or(above.repeat_interval),
            escalation: own.escalation.or_else(|| above.escalation.clone()),
        }
    }
}

/// Where a walk stands: the way so far and what holds there.
#[derive(Clone, Default)]
pub(crate) struct Place {
    pub(crate) path: String,
    because: Vec<String>,
    settings: RouteSettings,
}

impl Place {
    /// Outside of all routes.
    pub(crate) fn named(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    fn below(&self, index: usize, route: &Route) -> Self {
        let conditions =
            route.matchers.iter().map(ToString::to_string).chain(route.hours.iter().map(ToString::to_string));
        Self {
            path: below(&self.path, &route.label(index)),
            because: self.because.iter().cloned().chain(conditions).collect(),
            settings: route.settings.below(&self.settings),
        }
    }
}

/// Collects where the routes lead; says whether they led anywhere.
pub(crate) fn walk(
    routes: &[Route],
    above: &Place,
    subject: &Subject<'_>,
    now: Timestamp,
    found: &mut Vec<Routed>,
) -> bool {
    let mut led_somewhere = false;
    for (index, route) in routes.iter().enumerate() {
        let is_time = route.hours.as_ref().is_none_or(|hours| hours.contain(now));
        if !is_time || !all_match(&route.matchers, subject) {
            continue;
        }
        let place = above.below(index, route);
        if !walk(&route.children, &place, subject, now, found) {
            if route.receivers.is_empty() {
                continue;
            }
            route.receivers.iter().for_each(|receiver| add(found, receiver, &place));
        }
        led_somewhere = true;
        if !route.goes_on {
            break;
        }
    }
    led_somewhere
}

/// A path one level deeper.
pub(crate) fn below(above: &str, label: &str) -> String {
    if above.is_empty() { label.to_owned() } else { format!("{above} > {label}") }
}

/// Adds a receiver; the first route that led to it keeps it.
pub(crate) fn add(found: &mut Vec<Routed>, receiver: &str, place: &Place) {
    if found.iter().any(|other| other.receiver == receiver) {
        return;
    }
    let RouteSettings { team, group_interval, repeat_interval, escalation } = place.settings.clone();
    found.push(Routed {
        receiver: receiver.to_owned(),
        team,
        path: place.path.clone(),
        because: place.because.clone(),
        group_interval,
        repeat_interval,
        escalation: escalation.unwrap_or_default(),
    });
}
