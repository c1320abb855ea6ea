//! The routing in force: receivers, teams, routes, fallback, and what the file says about keeping quiet.

use crate::fault::Fault;
use crate::inhibition::Inhibition;
use crate::maintenance::Maintenance;
use crate::receiver::{Address, Receiver};
use crate::route::{self, Place, Route, Routed};
use crate::subject::Subject;
use foghorn_domain::clock::Timestamp;

/// Whom to tell about what. Made by [`Routing::parse`] or, where there is no file, by [`Routing::default_for`].
#[derive(Clone, Debug)]
pub struct Routing {
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) teams: Vec<(String, String)>,
    pub(crate) routes: Vec<Route>,
    pub(crate) fallback: Vec<String>,
    pub(crate) inhibitions: Vec<Inhibition>,
    pub(crate) maintenance: Vec<Maintenance>,
    pub(crate) expectations: usize,
    pub(crate) warnings: Vec<Fault>,
}

/// The path of what no route took.
pub const FALLBACK: &str = "fallback";

impl Routing {
    /// Reads a routing file and runs its table of expectations.
    ///
    /// # Errors
    /// Every fault of the file, warnings among them, in the order of their places.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        crate::file::parse(text)
    }

    /// Everybody is told of everything: the routing where there is no file. Without a receiver it is the
    /// dashboard.
    pub fn default_for(receivers: Vec<Receiver>) -> Self {
        let dashboard = || vec![Receiver::new("dashboard", Address::Dashboard)];
        let receivers = if receivers.is_empty() { dashboard() } else { receivers };
        Self {
            fallback: receivers.iter().map(|receiver| receiver.name.clone()).collect(),
            receivers,
            teams: Vec::new(),
            routes: Vec::new(),
            inhibitions: Vec::new(),
            maintenance: Vec::new(),
            expectations: 0,
            warnings: Vec::new(),
        }
    }

    /// The routing of the environment alone: the channel of `SLACK_CHANNEL`, if Slack is on, and mailboxes, if
    /// there are any; else the dashboard.
    pub fn from_environment(slack_channel: Option<&str>, mailboxes: &[String]) -> Self {
        let slack = slack_channel.map(|channel| Address::Slack { channel: channel.to_owned() });
        let email = (!mailboxes.is_empty()).then(|| Address::Email { to: mailboxes.to_vec() });
        let named = |address: Address| Receiver::new(address.kind(), address);
        Self::default_for(slack.into_iter().chain(email).map(named).collect())
    }

    /// Whom to tell, in the order of the file, each receiver once. Never empty: what no route takes goes to
    /// the fallback.
    pub fn route(&self, subject: &Subject<'_>, now: Timestamp) -> Vec<Routed> {
        let mut found = Vec::new();
        if !route::walk(&self.routes, &Place::default(), subject, now, &mut found) {
            return self.to_fallback();
        }
        found
    }

    /// Whether any route has more to do while nobody acknowledges: steps, or repetitions.
    pub fn goes_on_telling(&self) -> bool {
        fn goes_on(route: &Route) -> bool {
            let steps = route.settings.escalation.as_ref().is_some_and(|steps| !steps.is_empty());
            steps || route.settings.repeat_interval.is_some() || route.children.iter().any(goes_on)
        }
        self.routes.iter().any(goes_on)
    }

    /// The fallback, for what no route took and for what a receiver could not be told.
    pub fn to_fallback(&self) -> Vec<Routed> {
        let mut found = Vec::new();
        let place = Place::named(FALLBACK);
        self.fallback.iter().for_each(|receiver| route::add(&mut found, receiver, &place));
        found
    }

    /// A receiver by its name.
    pub fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.name == name)
    }

    /// All receivers, in the order of the file.
    pub fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }

    /// A team's name as people read it; the name it has in the file where it is given no other.
    pub fn team_name<'a>(&'a self, team: &'a str) -> &'a str {
        self.teams.iter().find(|(name, _)| name == team).map_or(team, |(_, display)| display)
    }

    /// Which incidents mute which.
    pub fn inhibitions(&self) -> &[Inhibition] {
        &self.inhibitions
    }

    /// Recurring maintenance.
    pub fn maintenance(&self) -> &[Maintenance] {
        &self.maintenance
    }

    /// How many routes there are, those below others included.
    pub fn route_count(&self) -> usize {
        fn count(routes: &[Route]) -> usize {
            routes.iter().map(|route| 1 + count(&route.children)).sum()
        }
        count(&self.routes)
    }

    /// How many expectations the file has; all of them hold.
    pub fn expectation_count(&self) -> usize {
        self.expectations
    }

    /// What somebody should look at although the file can be used.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_and_repetitions_go_on_telling() {
        let check = |route: &str, expected: bool| {
            let text = format!(
                "fallback = [\"a\"]\n[receivers.a]\nkind = \"dashboard\"\n[[route]]\nmatch = [\"service = shop\"]\n{route}"
            );
            let routing = Routing::parse(&text).unwrap_or_else(|faults| panic!("{route}: {faults:?}"));
            assert_eq!(routing.goes_on_telling(), expected, "{route}");
        };
        check("receivers = [\"a\"]", false);
        check("receivers = [\"a\"]\ngroup_interval = \"5m\"", false);
        check("receivers = [\"a\"]\nrepeat_interval = \"1h\"", true);
        check("receivers = [\"a\"]\nescalation = [{ after = \"15m\", receivers = [\"a\"] }]", true);
        let below = "[[route.route]]\nmatch = [\"kind = error\"]\nreceivers = [\"a\"]\nrepeat_interval = \"1h\"";
        check(&format!("receivers = [\"a\"]\n{below}"), true);
    }
}
