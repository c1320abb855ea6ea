//! The last step before the store: events are marked with the key they came with, taken off its quota, and given a
//! place among those that wait.

use crate::crowd::Rank;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use foghorn_domain::event::{NewEvent, SENDER_FIELD};
use foghorn_pipeline::access_keys::{AccessKeys, Batch, LiveKey};
use foghorn_store::model::Appended;
use serde_json::json;
use std::sync::Arc;

/// Stores all events, or none and says why. Answers stand in the order of the events.
pub(super) async fn store(app: &App, caller: &Caller, mut events: Vec<NewEvent>) -> Result<Vec<Appended>, Problem> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let key = caller.key.clone();
    events.iter_mut().for_each(|event| mark(event, key.as_deref()));
    let (rank, batch) = (Rank::of_all(&events), batch(&events));
    let keys = &app.pipeline.keys;
    if let Some(key) = &key
        && let Err(over) = keys.take(key, batch)
    {
        return Err(Problem::over_quota(&over));
    }
    let Some(place) = app.budgets.crowd.enter(rank, events.len()) else {
        if let Some(key) = &key {
            keys.not_stored(key, batch);
        }
        return Err(Problem::crowded(rank));
    };
    let (ingest, keys) = (app.pipeline.ingest.clone(), keys.clone());
    // On its own, so that a sender who hangs up neither frees the place of events that still wait nor keeps triage
    // from hearing of them.
    let storing = tokio::spawn(async move {
        let stored = ingest.accept(events).await;
        drop(place);
        settle(&keys, key, batch, stored.is_ok());
        stored
    });
    match storing.await {
        Ok(stored) => Ok(stored?),
        Err(error) => {
            tracing::error!(%error, "events could not be handed to the store");
            Err(Problem::no_store())
        }
    }
}

fn settle(keys: &AccessKeys, key: Option<Arc<LiveKey>>, batch: Batch, is_stored: bool) {
    match (key, is_stored) {
        (Some(key), true) => keys.stored(&key, batch),
        (Some(key), false) => keys.not_stored(&key, batch),
        (None, _) => {}
    }
}

fn mark(event: &mut NewEvent, key: Option<&LiveKey>) {
    match key {
        Some(key) => {
            event.metadata.insert(SENDER_FIELD.to_owned(), json!({ "id": key.id, "name": key.name }));
        }
        None => {
            event.metadata.remove(SENDER_FIELD);
        }
    }
}

fn batch(events: &[NewEvent]) -> Batch {
    let alerts = events.iter().filter(|event| event.is_alert()).count();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Batch { alerts: number(alerts), others: number(events.len() - alerts) }
}
