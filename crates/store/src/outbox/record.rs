//! What the transactions of the outbox write: rows for the receivers that a reason is routed to, and what became
//! of each delivery, with its audit row.

use super::carried::release;
use super::{Carried, Landed, MAX_ATTEMPTS, Refused, Routed, SlackRow};
use crate::audit;
use crate::model::{ASKED_TO_WAIT_SINCE, Notification};
use crate::sql::{Transaction, params};
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::IncidentId;
use foghorn_domain::severity::Urgency;
use serde_json::{Value, json};

/// Writes the outbox rows of the receivers that a reason is routed to. Those that were told of `told_with`
/// get it in that message.
pub(crate) fn fan_out(
    tx: &Transaction<'_>,
    row: &Notification,
    urgency: Urgency,
    routed: &[Routed],
    told_with: Option<(IncidentId, &str)>,
    now: Timestamp,
) -> Result<()> {
    for Routed { lane, route, team, joins } in routed {
        let with = match told_with.filter(|_| *joins) {
            Some((with, why)) => {
                let sql = "SELECT count(*) > 0 FROM notifications WHERE incident_id = ?1 AND receiver = ?2 \
                           AND status IN ('pending', 'sent')";
                let is_told: bool =
                    tx.prepare_cached(sql)?.query_row(params![with, lane.receiver], |row| row.get(0))?;
                is_told.then_some((with, why))
            }
            None => None,
        };
        let status = if with.is_some() { "joined" } else { "pending" };
        tx.prepare_cached(
            "INSERT INTO notifications
                 (incident_id, receiver, channel, reason, occurrence, urgency, status, route, told_with, why,
                  created_at, sent_at, team)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, CASE WHEN ?7 = 'joined' THEN ?11::timestamptz END, ?12)
             ON CONFLICT (incident_id, receiver, reason, occurrence) DO NOTHING",
        )?
        .execute(params![
            row.incident_id,
            lane.receiver,
            lane.channel,
            row.reason.as_str(),
            row.occurrence,
            urgency.as_str(),
            status,
            route,
            with.map(|(with, _)| with),
            with.map(|(_, why)| why),
            time::write(now),
            team,
        ])?;
    }
    Ok(())
}

/// Tells these in the message of an incident. `may_repeat` marks them; it takes no mark off.
pub(super) fn join(
    tx: &Transaction<'_>,
    rows: &[Carried],
    with: IncidentId,
    may_repeat: bool,
    now: Timestamp,
) -> Result<usize> {
    let mut joined = 0;
    for Carried { id, why, held_by } in rows {
        joined += tx
            .prepare_cached(
                "UPDATE notifications SET status = 'joined', told_with = ?2, why = ?3, sent_at = ?4, in_flight = FALSE,
                        may_repeat = CASE WHEN ?5 THEN TRUE ELSE may_repeat END, held_by = ?6
                  WHERE id = ?1 AND status = 'pending'",
            )?
            .execute(params![id, with, why, time::write(now), may_repeat, held_by])?;
    }
    Ok(joined)
}

pub(super) fn record_landed(tx: &Transaction<'_>, landed: &Landed, now: Timestamp) -> Result<()> {
    let Landed { notification: row, message, provider, shown_status, shown_count, may_repeat, digest, kind, slack } =
        landed;
    tx.prepare_cached(
        "UPDATE notifications SET status = 'sent', message = ?2, provider = ?3, shown_status = ?4, sent_at = ?5,
                in_flight = FALSE, may_repeat = ?6, is_digest = ?7, attempts = 0, next_attempt_at = NULL, why = NULL, held_by = NULL,
                dirty = dirty + (SELECT CASE WHEN event_count <> ?8 OR status <> ?4 THEN 1 ELSE 0 END
                                   FROM incidents WHERE id = notifications.incident_id)
          WHERE id = ?1",
    )?
    .execute(params![
        row.id,
        message.to_string(),
        provider.to_string(),
        shown_status,
        time::write(now),
        may_repeat,
        !digest.is_empty(),
        shown_count,
    ])?;
    join(tx, digest, row.incident_id, *may_repeat, now)?;
    let details = json!({
        "receiver": row.receiver, "channel": row.channel, "reason": row.reason, "occurrence": row.occurrence,
        "provider": place(provider), "may_repeat": may_repeat, "told_for": digest.len() + 1,
    });
    audit::append(tx, Some(row.incident_id), "agent", &format!("{kind}_sent"), &details, now)?;
    if let Some(slack) = slack {
        save_slack_message(tx, landed, slack, now)?;
    }
    Ok(())
}

/// Where it stands at the receiver; what it said was known is for the next reply alone.
fn place(provider: &Value) -> Value {
    let mut place = provider.clone();
    if let Value::Object(fields) = &mut place {
        fields.remove("known");
    }
    place
}

fn save_slack_message(tx: &Transaction<'_>, landed: &Landed, slack: &SlackRow, now: Timestamp) -> Result<()> {
    let word = |name: &str| landed.provider.get(name).and_then(Value::as_str).map(str::to_owned);
    tx.prepare_cached(
        "INSERT INTO slack_messages
             (incident_id, message_ts, channel_id, channel_name, team_name, incident_type, message_blocks, message_text,
              incident_summary, incident_labels, incident_service, similarity_data, ai_analysis, sent_at, slack_response, status)
         SELECT id, ?2, ?3, ?4, ?5, kind, ?6, ?7, summary_text, labels, service, ?8, ?9, ?10, ?11, 'sent'
           FROM incidents WHERE id = ?1",
    )?
    .execute(params![
        landed.notification.incident_id,
        word("ts"),
        word("channel"),
        landed.notification.channel,
        landed.notification.team,
        slack.blocks.to_string(),
        slack.text,
        slack.similar.to_string(),
        slack.analysis.to_string(),
        time::write(now),
        place(&landed.provider).to_string(),
    ])?;
    Ok(())
}

pub(super) fn record_refused(tx: &Transaction<'_>, refused: &Refused, now: Timestamp) -> Result<()> {
    let Refused {
        notification: row,
        kind,
        code,
        detail,
        retry_in,
        may_have_landed,
        counts,
        asked_to_wait_since,
        fallback,
    } = refused;
    let attempts = row.attempts + u32::from(*counts);
    let retry_in = retry_in.filter(|_| attempts < MAX_ATTEMPTS);
    let status = if retry_in.is_some() { "pending" } else { "failed" };
    let why = format!("{code}: {detail}");
    tx.prepare_cached(
        "UPDATE notifications SET status = ?2, attempts = ?3, why = ?4, next_attempt_at = ?5, in_flight = ?6,
                provider = ?7
          WHERE id = ?1 AND status = 'pending'",
    )?
    .execute(params![
        row.id,
        status,
        attempts,
        why,
        retry_in.map(|pause| time::write(now + pause)),
        may_have_landed,
        waiting_since(row, *asked_to_wait_since),
    ])?;
    // What surely did not arrive, or never will, carries nobody.
    if retry_in.is_none() || !may_have_landed {
        release(tx, row, *may_have_landed)?;
    }
    // The same failure again is no news; what is given up always is.
    if retry_in.is_none() || (*counts && row.why.as_deref() != Some(why.as_str())) {
        let details = json!({
            "receiver": row.receiver, "channel": row.channel, "reason": row.reason, "error": code,
            "attempts": attempts, "given_up": retry_in.is_none(),
        });
        audit::append(tx, Some(row.incident_id), "agent", &format!("{kind}_failed"), &details, now)?;
    }
    // What stands in a thread is no news that has to reach someone else.
    if retry_in.is_none() && !row.reason.is_in_thread() {
        let others: Vec<Routed> =
            fallback.iter().filter(|other| other.lane.receiver != row.receiver).cloned().collect();
        fan_out(tx, row, row.urgency, &others, None, now)?;
    }
    Ok(())
}

/// What is known of a message that is not there yet, with the moment since which its receiver asks to wait.
fn waiting_since(row: &Notification, since: Option<Timestamp>) -> Option<String> {
    let mut known = row.provider.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    known.remove(ASKED_TO_WAIT_SINCE);
    known.extend(since.map(|since| (ASKED_TO_WAIT_SINCE.to_owned(), json!(time::write(since)))));
    (!known.is_empty()).then(|| Value::Object(known).to_string())
}
