//! Many tellings as one message: counts, the worst, and a link to the rest.

use super::Deliver;
use crate::quiet::word;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::incident::{Incident, IncidentId};
use foghorn_domain::message::{MAX_HEADLINE, Message};
use foghorn_domain::text::{cut, outside_text};
use foghorn_domain::words::counted;
use foghorn_routing::{HeldBy, StormSummary, Worst};
use foghorn_store::Result;
use foghorn_store::model::Notification;
use foghorn_store::outbox::Carried;

/// What a message about many incidents says.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    summary: StormSummary,
    /// How many still run.
    open: usize,
    /// From the first to the last.
    lasted: SignedDuration,
    /// Whether it may repeat an earlier message.
    may_repeat: bool,
    public_url: Option<String>,
}

/// Said of a message that may repeat an earlier one.
const MAY_REPEAT: &str = "may repeat an earlier message";

impl Storm {
    fn of(incidents: &[Incident], public_url: Option<String>) -> Self {
        let seen = incidents.iter().map(|incident| incident.first_seen);
        let lasted = match (seen.clone().min(), seen.max()) {
            (Some(first), Some(last)) => last.duration_since(first),
            _ => SignedDuration::ZERO,
        };
        let open = incidents.iter().filter(|incident| incident.status.is_open()).count();
        Self { summary: StormSummary::of(incidents), open, lasted, may_repeat: false, public_url }
    }

    /// The incident that stands for all.
    pub(crate) fn worst(&self) -> Option<IncidentId> {
        self.summary.worst.first().map(|worst| worst.incident_id)
    }

    /// The same, said to repeat an earlier message perhaps.
    pub(super) fn marked(self, may_repeat: bool) -> Self {
        Self { may_repeat, ..self }
    }

    /// As Slack's message takes it.
    pub(crate) fn for_slack(&self) -> foghorn_slack::blocks::Storm {
        foghorn_slack::blocks::Storm {
            total: self.summary.total as u64,
            by_severity: self.summary.by_severity.iter().map(|(severity, count)| (*severity, *count as u64)).collect(),
            lasted: match self.may_repeat {
                true => format!("{} ({MAY_REPEAT})", self.lasted_in_words()),
                false => self.lasted_in_words(),
            },
            worst: self
                .summary
                .worst
                .iter()
                .map(|worst| foghorn_slack::blocks::StormEntry {
                    incident_id: worst.incident_id,
                    headline: headline(worst),
                    link: self.link(&format!("/incidents/{}", worst.incident_id)),
                })
                .collect(),
            link: self.link("/"),
        }
    }

    /// As a message like any other, for receivers that have no form of their own for it.
    pub(crate) fn message(&self, like: &Message) -> Message {
        let incidents = counted(self.summary.total as u64, "incident");
        let severities: Vec<String> =
            self.summary.by_severity.iter().map(|(severity, count)| format!("{count} {}", severity.as_str())).collect();
        let services: Vec<String> =
            self.summary.by_service.iter().map(|(service, count)| format!("{service} {count}")).collect();
        Message {
            headline: format!("STORM · {incidents} in {} · {}", self.lasted_in_words(), severities.join(", ")),
            history: format!("By service: {}", services.join(", ")),
            change: None,
            reason: None,
            title: format!("*Storm* — {incidents}"),
            status_line: format!("{} still open", self.open),
            ai_summary: "Told together, because too many came at once for this receiver.".to_owned(),
            causes: Vec::new(),
            similar: Vec::new(),
            related: self
                .summary
                .worst
                .iter()
                .map(|worst| format!("#{} {}", worst.incident_id, headline(worst)))
                .collect(),
            actions: Vec::new(),
            marked: self.may_repeat.then(|| format!("this {MAY_REPEAT}")),
            link: self.link("/").or_else(|| like.link.clone()),
        }
    }

    fn lasted_in_words(&self) -> String {
        foghorn_domain::words::span(self.lasted.max(SignedDuration::from_secs(1)))
    }

    fn link(&self, path: &str) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{}{path}", url.trim_end_matches('/')))
    }
}

fn headline(worst: &Worst) -> String {
    let severity = worst.severity.as_str().to_uppercase();
    cut(&outside_text(&format!("{severity} · {} · {}", worst.service, worst.summary)), MAX_HEADLINE)
}

impl Deliver {
    pub(super) async fn storm_of(&self, rows: &[Notification]) -> Result<Storm> {
        let ids = rows.iter().map(|row| row.incident_id).collect();
        Ok(Storm::of(&self.store.incidents_by_id(ids).await?, self.public_url.clone()))
    }

    /// As it stands now, of a storm whose message was posted.
    pub(super) async fn storm_from(&self, row: &Notification) -> Result<Storm> {
        let mut ids = self.store.in_digest(row).await?;
        ids.push(row.incident_id);
        ids.sort_unstable();
        ids.dedup();
        Ok(Storm::of(&self.store.incidents_by_id(ids).await?, self.public_url.clone()).marked(row.may_repeat))
    }
}

/// Rows that a storm has told in the message of an incident.
pub(super) fn joining(rows: &[Notification], with: IncidentId) -> Vec<Carried> {
    let why = format!("storm: told together with #{with}, because too many came at once for this channel");
    let held_by = word(HeldBy::Storm);
    rows.iter().map(|row| Carried { id: row.id, why: why.clone(), held_by: held_by.clone() }).collect()
}
