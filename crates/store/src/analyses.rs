//! What a language model was asked and what it answered: kept to be shown, to be used again, and to know what was
//! spent.

use super::{Store, audit, notifications, rows};
use crate::model::Explanation;
use crate::sql::{OptionalExtension, Row, params};
use crate::{Result, time};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::IncidentId;
use serde_json::{Value, json};

/// How long questions and answers are kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Rows of the audit log in which a program that has just started looks for wishes.
const LOOKED_BACK: i64 = 10_000;

/// A question that was asked, with what came of it. All texts are redacted.
#[derive(Clone, Debug)]
pub struct NewAnalysis {
    /// About which incident.
    pub incident_id: IncidentId,
    /// Names what the answer rests on.
    pub answer_key: String,
    /// Of which model.
    pub model: String,
    /// With which prompt.
    pub prompt_version: String,
    /// `ok`, or why there is no answer.
    pub outcome: String,
    /// The answer, to be used again.
    pub answer: Option<Value>,
    /// The prompt.
    pub sent: String,
    /// Every call, with what came back.
    pub exchanges: Value,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// Their price in millionths of a dollar.
    pub micro_dollars: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A question as it is kept.
#[derive(Clone, Debug)]
pub struct KeptAnalysis {
    /// What was asked and answered.
    pub analysis: NewAnalysis,
    /// When.
    pub created_at: Timestamp,
}

/// A person's wish for a new analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnalysisRequest {
    /// Of which incident.
    pub incident_id: IncidentId,
    /// Since when.
    pub at: Option<Timestamp>,
}

/// What was spent on one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// When.
    pub at: Timestamp,
    /// On which incident.
    pub incident_id: IncidentId,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// Millionths of a dollar.
    pub micro_dollars: u64,
}

impl Store {
    /// Keeps a question with its answer, writes the audit row, and has the messages of these incidents rendered
    /// again where there is an answer.
    pub async fn keep_analysis(&self, new: NewAnalysis, shown_in: Vec<IncidentId>) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            tx.prepare_cached("DELETE FROM analyses WHERE created_at < ?1")?.execute([time::write(now - KEPT_FOR)])?;
            tx.prepare_cached(
                "INSERT INTO analyses (incident_id, answer_key, model, prompt_version, outcome, answer, sent,
                                       exchanges, input_tokens, output_tokens, micro_dollars, took_ms, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                new.incident_id,
                new.answer_key,
                new.model,
                new.prompt_version,
                new.outcome,
                new.answer.as_ref().map(Value::to_string),
                new.sent,
                new.exchanges.to_string(),
                count(new.input_tokens),
                count(new.output_tokens),
                count(new.micro_dollars),
                count(new.took_ms),
                time::write(now),
            ])?;
            let details = json!({
                "model": new.model, "prompt": new.prompt_version, "outcome": new.outcome,
                "input_tokens": new.input_tokens, "output_tokens": new.output_tokens,
            });
            audit::append(tx, Some(new.incident_id), "agent", "model_asked", &details, now)?;
            if new.answer.is_some() {
                for incident_id in shown_in {
                    notifications::mark_dirty(tx, incident_id)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// The newest answer with this key; where there is none, the newest about this incident, with `false`.
    pub async fn answer_for(&self, answer_key: String, incident_id: IncidentId) -> Result<Option<(Value, bool)>> {
        self.read(move |db| {
            let by_key =
                "SELECT answer FROM analyses WHERE answer_key = ?1 AND answer IS NOT NULL ORDER BY id DESC LIMIT 1";
            let text: Option<String> =
                db.prepare_cached(by_key)?.query_row([answer_key], |row| row.get(0)).optional()?;
            if let Some(answer) = text.and_then(|text| serde_json::from_str(&text).ok()) {
                return Ok(Some((answer, true)));
            }
            let by_incident =
                "SELECT answer FROM analyses WHERE incident_id = ?1 AND answer IS NOT NULL ORDER BY id DESC LIMIT 1";
            let text: Option<String> =
                db.prepare_cached(by_incident)?.query_row([incident_id], |row| row.get(0)).optional()?;
            Ok(text.and_then(|text| serde_json::from_str(&text).ok()).map(|answer| (answer, false)))
        })
        .await
    }

    /// What was asked about an incident, newest first.
    pub async fn analyses_of(&self, incident_id: IncidentId, limit: u32) -> Result<Vec<KeptAnalysis>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT incident_id, answer_key, model, prompt_version, outcome, answer, sent, exchanges,
                        input_tokens, output_tokens, micro_dollars, took_ms, created_at
                   FROM analyses WHERE incident_id = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            Ok(statement.query_map(params![incident_id, limit], kept)?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// What was spent since a moment, oldest first.
    pub async fn spent_since(&self, since: Timestamp) -> Result<Vec<Spending>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT created_at, incident_id, input_tokens, output_tokens, micro_dollars FROM analyses
                  WHERE created_at >= ?1 ORDER BY id",
            )?;
            let spending = statement.query_map([time::write(since)], |row| {
                Ok(Spending {
                    at: rows::moment(row, 0)?.unwrap_or(since),
                    incident_id: row.get(1)?,
                    input_tokens: number(row, 2)?,
                    output_tokens: number(row, 3)?,
                    micro_dollars: number(row, 4)?,
                })
            })?;
            Ok(spending.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Replaces the explanation that an incident shows, without telling anybody.
    pub async fn explain_again(&self, incident_id: IncidentId, explanation: Explanation) -> Result<()> {
        self.write(move |tx| {
            let text = serde_json::to_string(&explanation)?;
            tx.prepare_cached("UPDATE incidents SET analysis = ?2 WHERE id = ?1 AND coalesce(analysis, '') <> ?2")?
                .execute(params![incident_id, text])?;
            Ok(())
        })
        .await
    }

    /// The newest incidents that run and were told, for whoever looks what was left undone.
    pub async fn told_and_running(&self, limit: u32) -> Result<Vec<IncidentId>> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id FROM incidents WHERE status IN ('notified', 'acknowledged', 'needs_info')
                  ORDER BY id DESC LIMIT ?1",
            )?;
            Ok(statement.query_map([limit], |row| row.get(0))?.collect::<crate::sql::Result<_>>()?)
        })
        .await
    }

    /// Who asked for a new analysis after a row of the audit log, oldest first, and the last row there is now. Where
    /// no row is named, not more than the latest [`LOOKED_BACK`] rows are looked through.
    pub async fn analysis_requests_after(&self, row: Option<i64>) -> Result<(Vec<AnalysisRequest>, i64)> {
        self.read(move |db| {
            let tip = db.prepare_cached("SELECT id FROM audit_tip")?.query_row([], |row| row.get(0)).optional()?;
            let tip: i64 = tip.unwrap_or_default();
            let after = row.unwrap_or(tip - LOOKED_BACK);
            if after >= tip {
                return Ok((Vec::new(), tip));
            }
            // Rows up to the tip are sealed: none will come between them any more.
            let mut statement = db.prepare_cached(
                "SELECT incident_id, created_at FROM audit_logs
                  WHERE id > ?1 AND id <= ?2 AND action = 'analysis_requested' AND incident_id IS NOT NULL ORDER BY id",
            )?;
            let requests = statement.query_map([after, tip], |row| {
                Ok(AnalysisRequest { incident_id: row.get(0)?, at: rows::moment(row, 1)? })
            })?;
            Ok((requests.collect::<crate::sql::Result<_>>()?, tip))
        })
        .await
    }

    /// Records that a person asked for a new analysis; whichever process asks the model finds it here.
    pub async fn record_analysis_request(&self, incident_id: IncidentId, who: String) -> Result<()> {
        let clock = self.clock().clone();
        self.write(move |tx| audit::append(tx, Some(incident_id), &who, "analysis_requested", &json!({}), clock.now()))
            .await
    }
}

fn kept(row: &Row<'_>) -> crate::sql::Result<KeptAnalysis> {
    let analysis = NewAnalysis {
        incident_id: row.get(0)?,
        answer_key: row.get(1)?,
        model: row.get(2)?,
        prompt_version: row.get(3)?,
        outcome: row.get(4)?,
        answer: row.get::<Option<String>>(5)?.and_then(|text| serde_json::from_str(&text).ok()),
        sent: row.get(6)?,
        exchanges: rows::json(row, 7)?,
        input_tokens: number(row, 8)?,
        output_tokens: number(row, 9)?,
        micro_dollars: number(row, 10)?,
        took_ms: number(row, 11)?,
    };
    Ok(KeptAnalysis { analysis, created_at: rows::moment(row, 12)?.unwrap_or(Timestamp::UNIX_EPOCH) })
}

fn number(row: &Row<'_>, column: usize) -> crate::sql::Result<u64> {
    Ok(u64::try_from(row.get::<i64>(column)?).unwrap_or(0))
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
