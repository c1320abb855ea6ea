//! `POST /api/v2/alerts`: what Prometheus posts to an Alertmanager, every few seconds, for as long as an
//! alert fires (Alertmanager's `api/v2/openapi.yaml` and `api/v2/api.go`).
//!
//! An alert without `endsAt` ends five minutes after its last post, and posting it again extends it. One
//! whose `endsAt` has come is resolved.

use crate::alert::Alert;
use crate::field_error::FieldError;
use crate::limits::Limits;
use crate::outside_json::value::ValueSeed;
use crate::outside_json::{Text, read_array};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{EventStatus, NewEvent, Origin};

/// How long an alert lasts that does not say when it ends: Alertmanager's `resolve_timeout`.
pub const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// Reads the array of alerts. Each alert is good or bad on its own; the faults of the fourth are in
/// `alerts[3]`.
///
/// # Errors
/// Where the body is not a JSON array.
pub fn parse_alerts(bytes: &[u8], now: Timestamp) -> Result<Vec<Result<NewEvent, FieldError>>, FieldError> {
    let text = Text::new(bytes)?;
    if !text.as_str().trim_ascii_start().starts_with('[') {
        return Err(FieldError::body("must be a JSON array of alerts"));
    }
    let limits = Limits::default();
    let tracker = text.tracker(limits.metadata_bytes);
    let alerts = read_array(text.as_str(), &tracker, ValueSeed(&tracker), limits.events_per_body)?;
    let event = |(index, alert): (usize, Result<_, FieldError>)| {
        let event = alert.and_then(Alert::parse).and_then(|alert| posted(alert, now));
        event.map_err(|fault| fault.within(&format!("alerts[{index}]")))
    };
    Ok(alerts.into_iter().enumerate().map(event).collect())
}

fn posted(alert: Alert, now: Timestamp) -> Result<NewEvent, FieldError> {
    let Alert { starts_at, ends_at, .. } = alert;
    let mut event = alert.into_event(now)?;
    if starts_at.is_none() {
        // Alertmanager fills it in. It tells no occurrence from another, so there is still no episode.
        event.metadata.insert("startsAt".to_owned(), ends_at.unwrap_or(now).to_string().into());
    }
    event.origin = Origin::Alertmanager;
    match ends_at {
        Some(ended_at) if ended_at <= now => {
            event.status = Some(EventStatus::Resolved);
            event.event_timestamp = Some(ended_at);
        }
        ends_at => {
            event.status = Some(EventStatus::Firing);
            event.expires_at = ends_at.or_else(|| now.checked_add(RESOLVE_TIMEOUT).ok());
        }
    }
    Ok(event)
}
