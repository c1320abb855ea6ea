//! Alertmanager's webhook, version 4 (its `docs/configuration.md`, `<webhook_config>`), and Grafana
//! Alerting's, which is the same with version 1 and fields of its own (grafana/alerting
//! `receivers/webhook/v1`).
//!
//! Both post a group of alerts whenever the group changes. An alert has the same identity here as where
//! Prometheus posts it itself, so one that comes through both doors is one alert. It carries its own
//! status, and it does not run out: the sender will say when it has ended.

use crate::alert::Alert;
use crate::field_error::{FieldError, describe, quote};
use crate::fields::{self, Object};
use crate::limits::Limits;
use crate::outside_json::too_many;
use crate::outside_json::value::{Found, read_value};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{EventStatus, NewEvent, Origin};
use serde_json::Value;

/// Fields of the group that are worth keeping with each of its alerts.
const OF_THE_GROUP: [&str; 7] =
    ["receiver", "groupKey", "externalURL", "notification_reason", "title", "orgId", "truncatedAlerts"];

/// Reads the group's alerts. Each is good or bad on its own; the faults of the fourth are in
/// `alerts[3]`.
///
/// # Errors
/// Where the body is not a JSON object with an array `alerts`.
pub fn parse_webhook(bytes: &[u8], now: Timestamp) -> Result<Vec<Result<NewEvent, FieldError>>, FieldError> {
    let found = read_value(bytes)?;
    let mut group = fields::object(found.value, "body")?;
    let alerts = fields::take_array(&mut group, "alerts")?
        .ok_or_else(|| FieldError::new("alerts", "is required: an array of alerts"))?;
    let most = Limits::default().events_per_body;
    if alerts.len() > most {
        return Err(FieldError::new("alerts", too_many(most, alerts.len()).message));
    }
    let status = match status(&group, "the group")? {
        Some(status) => status,
        // A group without a status is a message somebody has templated; what it lists fires.
        None => EventStatus::Firing,
    };
    group.retain(|name, value| OF_THE_GROUP.contains(&name.as_str()) && is_worth_keeping(value));

    let event = |(index, value): (usize, Value)| {
        let alert = Alert::parse(Found { value, nul_replaced: found.nul_replaced });
        let event = alert.and_then(|alert| told(alert, status, &group, now));
        event.map_err(|fault| fault.within(&format!("alerts[{index}]")))
    };
    Ok(alerts.into_iter().enumerate().map(event).collect())
}

fn told(mut alert: Alert, of_group: EventStatus, group: &Object, now: Timestamp) -> Result<NewEvent, FieldError> {
    let status = status(&alert.others, "the alert")?.unwrap_or(of_group);
    alert.others.remove("status");
    alert.others.retain(|_, value| is_worth_keeping(value));
    for (name, value) in group {
        fields::keep(&mut alert.others, name.clone(), value.clone());
    }
    let ended_at = alert.ends_at.filter(|at| *at <= now);
    let mut event = alert.into_event(now)?;
    event.origin = Origin::AlertmanagerWebhook;
    event.status = Some(status);
    event.event_timestamp = ended_at.filter(|_| status == EventStatus::Resolved);
    Ok(event)
}

fn status(object: &Object, whose: &str) -> Result<Option<EventStatus>, FieldError> {
    let found = match object.get("status") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(word)) => match EventStatus::parse(word) {
            Some(status) => return Ok(Some(status)),
            None => quote(word),
        },
        Some(other) => describe(other).to_owned(),
    };
    Err(FieldError::new("status", format!("of {whose} must be firing or resolved, found {found}")))
}

/// Both senders fill in what they do not know with `""`, `0` and `null`.
fn is_worth_keeping(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        _ => true,
    }
}
