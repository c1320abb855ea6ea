//! The routing in force as JSON, for people who ask: [`Routing::describe`] for all of it,
//! [`Routing::route_of_kind`] for one kind of trouble. Neither holds a secret, nor a webhook's path, which often
//! is one.

use crate::matcher::{Attribute, Matcher};
use crate::receiver::{Address, Receiver};
use crate::route::{Route, RouteSettings, below};
use crate::routing::{FALLBACK, Routing};
use crate::spell;
use foghorn_domain::finding::Kind;
use serde_json::{Value, json};

impl Routing {
    /// All of it.
    pub fn describe(&self) -> Value {
        let teams: serde_json::Map<String, Value> =
            self.teams.iter().map(|(name, display)| (name.clone(), json!({ "name": display }))).collect();
        let routes: Vec<Value> = self.routes.iter().enumerate().map(|(index, route)| tree(index, route)).collect();
        let kinds: serde_json::Map<String, Value> =
            Kind::ALL.iter().map(|kind| (kind.as_str().to_owned(), self.route_of_kind(*kind))).collect();
        json!({
            "receivers": self.receivers.iter().map(shown).collect::<Vec<_>>(),
            "teams": teams,
            "routes": routes,
            "fallback": self.fallback,
            "inhibitions": self.inhibitions,
            "maintenance": self.maintenance,
            "expectations": self.expectations,
            "types": kinds,
        })
    }

    /// Where incidents of a kind go: `routes` lists in order what may take them, with what else they need
    /// (`only_if`); team, channel and recipients are those of the first that needs nothing else, or of the
    /// fallback.
    pub fn route_of_kind(&self, kind: Kind) -> Value {
        let mut candidates = Vec::new();
        collect(&self.routes, kind, "", &RouteSettings::default(), &[], &mut candidates);
        let certain = candidates.iter().find(|candidate| candidate.only_if.is_empty());
        let receivers = certain.map_or(self.fallback.as_slice(), |candidate| candidate.receivers);
        let team = certain.and_then(|candidate| candidate.settings.team.as_deref());
        let addresses = || receivers.iter().filter_map(|name| self.receiver(name)).map(|receiver| &receiver.address);
        let channel = addresses().find_map(|address| match address {
            Address::Slack { channel } => Some(channel),
            _ => None,
        });
        let mailboxes: Vec<&String> = addresses()
            .filter_map(|address| match address {
                Address::Email { to } => Some(to),
                _ => None,
            })
            .flatten()
            .collect();
        json!({
            "incident_type": kind.as_str(),
            "team": team,
            "team_name": team.map(|team| self.team_name(team)),
            "slack_channel": channel,
            "email_recipients": mailboxes,
            "receivers": receivers,
            "path": certain.map_or(FALLBACK, |candidate| candidate.path.as_str()),
            "is_fallback": certain.is_none(),
            "fallback": self.fallback,
            "routes": candidates.iter().map(Candidate::as_json).collect::<Vec<_>>(),
        })
    }
}

/// A route that may take incidents of a kind.
struct Candidate<'a> {
    path: String,
    receivers: &'a [String],
    settings: RouteSettings,
    only_if: Vec<String>,
}

impl Candidate<'_> {
    fn as_json(&self) -> Value {
        let Self { path, receivers, settings, only_if } = self;
        json!({ "path": path, "receivers": receivers, "team": settings.team, "only_if": only_if })
    }
}

/// Collects them; says whether the walk is certain to end here.
fn collect<'a>(
    routes: &'a [Route],
    kind: Kind,
    above: &str,
    inherited: &RouteSettings,
    needed: &[String],
    found: &mut Vec<Candidate<'a>>,
) -> bool {
    for (index, route) in routes.iter().enumerate() {
        let is_of_kind = |matcher: &&Matcher| *matcher.attribute() == Attribute::Kind;
        if !route.matchers.iter().filter(is_of_kind).all(|matcher| matcher.accepts(kind.as_str())) {
            continue;
        }
        let others = route.matchers.iter().filter(|matcher| !is_of_kind(matcher)).map(ToString::to_string);
        let own: Vec<String> = others.chain(route.hours.iter().map(ToString::to_string)).collect();
        let only_if: Vec<String> = needed.iter().cloned().chain(own.iter().cloned()).collect();
        let (path, settings) = (below(above, &route.label(index)), route.settings.below(inherited));
        let ends_below = collect(&route.children, kind, &path, &settings, &only_if, found);
        if !ends_below && !route.receivers.is_empty() {
            found.push(Candidate { path, receivers: &route.receivers, settings, only_if });
        }
        let takes_all = ends_below || route.takes_all();
        if own.is_empty() && takes_all && !route.goes_on {
            return true;
        }
    }
    false
}

fn tree(index: usize, route: &Route) -> Value {
    let RouteSettings { team, group_interval, repeat_interval, escalation } = &route.settings;
    let steps = escalation
        .iter()
        .flatten()
        .map(|step| json!({ "after": spell::write(step.after), "receivers": step.receivers }));
    json!({
        "path": route.label(index),
        "match": route.matchers,
        "when": route.hours,
        "receivers": route.receivers,
        "team": team,
        "continue": route.goes_on,
        "group_interval": group_interval.map(spell::write),
        "repeat_interval": repeat_interval.map(spell::write),
        "escalation": escalation.as_ref().map(|_| steps.collect::<Vec<_>>()),
        "routes": route.children.iter().enumerate().map(|(index, route)| tree(index, route)).collect::<Vec<_>>(),
    })
}

/// A receiver without what only its owner should know.
fn shown(receiver: &Receiver) -> Value {
    let address = match &receiver.address {
        Address::Slack { channel } => json!({ "channel": channel }),
        Address::Email { to } => json!({ "to": to }),
        Address::PagerDuty { routing_key_env } => json!({ "routing_key_env": routing_key_env }),
        Address::Webhook { url, secret_env } => json!({ "url": without_path(url), "secret_env": secret_env }),
        Address::Dashboard => json!({}),
    };
    let mut shown = json!({ "name": receiver.name, "kind": receiver.address.kind() });
    if let (Some(shown), Value::Object(address)) = (shown.as_object_mut(), address) {
        shown.extend(address);
        shown.insert("storm_above".to_owned(), receiver.storm_above.into());
    }
    shown
}

/// The path of a webhook often is its secret.
fn without_path(url: &str) -> String {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    match url[host_at..].find(['/', '?', '#']) {
        Some(end) if url.len() > host_at + end + 1 => format!("{}/…", &url[..host_at + end]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
