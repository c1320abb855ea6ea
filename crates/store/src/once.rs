//! Signed requests, carried out once: the same one again is answered the same and does nothing.

use super::incidents::{Act, perform};
use super::{Store, incidents};
use crate::sql::{OptionalExtension, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, IncidentId};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Lets whoever waits take a request back, as long as nobody has begun with it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<AtomicU8>);

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const CLOSED: u8 = 2;

impl Gate {
    /// Takes the request back. `false` if it has begun and will be carried out.
    pub fn close(&self) -> bool {
        self.0.compare_exchange(WAITING, CLOSED, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn enter(&self) -> bool {
        self.0.compare_exchange(WAITING, BEGUN, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// What a signed request asks for.
#[derive(Clone, Debug)]
pub enum Asked {
    /// To act on an incident.
    Act(Act),
    /// To write down what fixed it.
    Solution {
        /// Of which incident.
        incident_id: IncidentId,
        /// Who wrote it.
        who: String,
        /// The text, redacted.
        text: String,
        /// More for the audit row.
        details: Value,
    },
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Answered {
    /// It was carried out now; this is the answer from now on.
    Now(String),
    /// The incident's state does not allow it; this is the answer from now on.
    Refused(String),
    /// It had been carried out before; this was the answer.
    Before(String),
    /// It was taken back before anybody had begun; nothing has changed.
    TakenBack,
}

/// How the outcome is put into words: the incident and whether anything changed, or why not.
pub type Wording = Box<dyn FnOnce(std::result::Result<(&Incident, bool), &str>) -> String + Send>;

/// How long a request's answer is kept: longer than its signature is good for.
const KEPT: SignedDuration = SignedDuration::from_mins(15);

impl Store {
    /// Carries out a signed request unless it has been carried out before. An unknown incident is
    /// [`Error::NotFound`].
    pub async fn once(&self, signature: String, gate: Gate, asked: Asked, wording: Wording) -> Result<Answered> {
        let (clock, policy) = (self.clock().clone(), self.policy().clone());
        self.write(move |tx| {
            if !gate.enter() {
                return Ok(Answered::TakenBack);
            }
            if let Some(answer) = answer_of(tx, &signature)? {
                return Ok(Answered::Before(answer));
            }
            let now = clock.now();
            let done = match &asked {
                Asked::Act(act) => perform(tx, act, now, &policy),
                Asked::Solution { incident_id, who, text, details } => {
                    let incident = incidents::by_id(tx, *incident_id)?;
                    let (_, is_new) = incidents::remember(tx, &incident, who, text, details, now)?;
                    super::notifications::mark_dirty(tx, *incident_id)?;
                    Ok((incident, is_new))
                }
            };
            let (answer, is_done) = match &done {
                Ok((incident, changed)) => (wording(Ok((incident, *changed))), true),
                Err(Error::Conflict(why)) => (wording(Err(why)), false),
                Err(_) => return done.map(|_| Answered::TakenBack),
            };
            keep(tx, &signature, &answer, now)?;
            Ok(if is_done { Answered::Now(answer) } else { Answered::Refused(answer) })
        })
        .await
    }

    /// Takes a signed request to be carried out elsewhere. `None`: it is the caller's, who says what came of it with
    /// [`Store::keep_answer`]; until then `meanwhile` is the answer. Else somebody has taken it, and this is the answer.
    pub async fn take_request(&self, signature: String, meanwhile: String) -> Result<Option<String>> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            if let Some(answer) = answer_of(tx, &signature)? {
                return Ok(Some(answer));
            }
            let now = clock.now();
            keep(tx, &signature, &meanwhile, now)?;
            Ok(None)
        })
        .await
    }

    /// Keeps the answer to a request that was taken. `None` gives it back: nothing was done, and the same request may
    /// come again.
    pub async fn keep_answer(&self, signature: String, answer: Option<String>) -> Result<()> {
        self.write(move |tx| {
            match &answer {
                Some(answer) => tx
                    .prepare_cached("UPDATE slack_requests SET answer = ?2 WHERE signature = ?1")?
                    .execute(params![signature, answer])?,
                None => tx.prepare_cached("DELETE FROM slack_requests WHERE signature = ?1")?.execute([&signature])?,
            };
            Ok(())
        })
        .await
    }
}

/// Keeps an answer, and none that is older than its signature is good for.
fn keep(tx: &Transaction<'_>, signature: &str, answer: &str, now: Timestamp) -> Result<()> {
    tx.prepare_cached("DELETE FROM slack_requests WHERE created_at < ?1")?.execute([time::write(now - KEPT)])?;
    tx.prepare_cached("INSERT INTO slack_requests (signature, answer, created_at) VALUES (?1, ?2, ?3)")?
        .execute(params![signature, answer, time::write(now)])?;
    Ok(())
}

fn answer_of(tx: &Transaction<'_>, signature: &str) -> Result<Option<String>> {
    let sql = "SELECT answer FROM slack_requests WHERE signature = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([signature], |row| row.get(0)).optional()?)
}
