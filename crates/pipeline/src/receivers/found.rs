//! What other programs read of a Slack message that was found in its channel: it is drawn as it would be posted now.

use super::Outgoing;
use foghorn_domain::notification::Reason;
use foghorn_domain::redaction::redact;
use foghorn_slack::blocks::{About, Rendered, render, render_storm, render_thread_details};
use foghorn_store::sqlite::outbox::SlackRow;
use serde_json::json;

/// Evidence lines shown in a thread.
const MAX_EVIDENCE: usize = 20;

pub(super) fn slack_row(outgoing: &Outgoing<'_>) -> SlackRow {
    let Rendered { text, blocks } = rendered(outgoing);
    let told = outgoing.told;
    SlackRow {
        blocks,
        text,
        similar: json!(told.message.similar),
        analysis: serde_json::to_value(&told.explanation.analysis).unwrap_or_default(),
    }
}

fn rendered(outgoing: &Outgoing<'_>) -> Rendered {
    let Outgoing { incident, told, storm, row, .. } = outgoing;
    if let Some(storm) = storm {
        return render_storm(&storm.for_slack());
    }
    if row.reason == Reason::DetailsRequested {
        let lines = incident.evidence.iter().take(MAX_EVIDENCE);
        let lines: Vec<String> =
            lines.map(|one| format!("{}: {}", one.rule, redact(&one.text).into_string())).collect();
        return render_thread_details(incident.id, &lines, &told.message.similar, told.message.link.as_deref());
    }
    render(&told.message, &About { incident_id: incident.id })
}
