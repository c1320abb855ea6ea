//! Intake: other tools' bodies in, events stored, their answers out.
//!
//! Between the two stands [`admission`]: whose events they are, whether the sender's quota allows them, and whether
//! there is room for them.

mod admission;
pub(crate) mod alertmanager;
pub(crate) mod events;
pub(crate) mod pagerduty;
pub(crate) mod simulate;

use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use foghorn_domain::event::NewEvent;
use foghorn_sources::FieldError;
use foghorn_store::model::Appended;

/// Stores the good ones of a list and says of each, in order, what became of it.
async fn accept_each(
    app: &App,
    caller: &Caller,
    parsed: Vec<Result<NewEvent, FieldError>>,
) -> Result<Vec<Result<Appended, FieldError>>, Problem> {
    let mut good = Vec::with_capacity(parsed.len());
    let mut refused: Vec<Option<FieldError>> = Vec::with_capacity(parsed.len());
    for result in parsed {
        match result {
            Ok(event) => {
                good.push(event);
                refused.push(None);
            }
            Err(error) => refused.push(Some(error)),
        }
    }
    app.pipeline.ingest.refused(refused.iter().flatten().count());
    let mut stored = admission::store(app, caller, good).await?.into_iter();
    Ok(refused
        .into_iter()
        .map(|refusal| match refusal {
            Some(error) => Err(error),
            // There is an answer for every event that was handed over.
            None => stored.next().ok_or_else(|| FieldError::new("body", "the event was not stored")),
        })
        .collect())
}

/// Stores one event.
async fn accept_one(app: &App, caller: &Caller, event: NewEvent) -> Result<Appended, Problem> {
    let stored = admission::store(app, caller, vec![event]).await?;
    stored.into_iter().next().ok_or_else(Problem::overloaded)
}
