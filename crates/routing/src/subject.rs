//! What routes, silences and inhibitions look at: the attributes of one incident.

use foghorn_domain::finding::Kind;
use foghorn_domain::incident::Incident;
use foghorn_domain::severity::{Severity, Urgency};

/// One incident as matchers see it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What kind of trouble.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// Whom to disturb.
    pub urgency: Urgency,
    /// The service it is about.
    pub service: &'a str,
    /// The environment it is in.
    pub environment: &'a str,
    /// Bare labels (`sqli`) and labels with a name (`team=payments`).
    pub labels: &'a [String],
    /// What is wrong, in one line.
    pub summary: &'a str,
    /// The team that a route names; matchers on `team` look at it and at the label of that name.
    pub team: Option<&'a str>,
}

impl<'a> From<&'a Incident> for Subject<'a> {
    fn from(incident: &'a Incident) -> Self {
        Self {
            kind: incident.kind,
            severity: incident.severity,
            urgency: incident.urgency,
            service: &incident.service,
            environment: &incident.environment,
            labels: &incident.labels,
            summary: &incident.summary,
            team: None,
        }
    }
}

impl<'a> Subject<'a> {
    /// The same incident as it is told to a team.
    pub fn for_team(self, team: Option<&'a str>) -> Self {
        Self { team, ..self }
    }

    /// The values of a label with a name; usually none or one.
    pub fn label_values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let values = self.labels.iter().map(move |label| label.strip_prefix(name)?.strip_prefix('='));
        values.flatten().filter(|value| !value.is_empty())
    }
}
