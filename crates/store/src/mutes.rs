//! What a person has marked as a false positive: its like stays untold for a while, as under a silence of its own.

use super::{Store, rows};
use crate::sql::params;
use crate::{Result, time};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Action, Incident};

/// One such incident.
#[derive(Clone, Debug)]
pub struct Mute {
    /// The incident whose like is not told.
    pub incident: Incident,
    /// Who marked it, where the audit log knows.
    pub muted_by: Option<String>,
    /// Since when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}

impl Store {
    /// What is muted now, what lasts longest first; at most 1,000.
    pub async fn mutes(&self) -> Result<Vec<Mute>> {
        let mute = self.policy().false_positive_mute;
        let since = time::write(self.clock().now() - mute);
        self.read(move |db| {
            let columns = rows::INCIDENT_COLUMNS.split(", ").map(|name| format!("i.{}", name.trim()));
            let sql = format!(
                "SELECT {}, (SELECT a.who FROM audit_logs a WHERE a.incident_id = i.id AND a.action = ?2
                              ORDER BY a.id DESC LIMIT 1)
                   FROM incidents i
                  WHERE i.status = 'false_positive' AND i.ended_at > ?1
                    AND NOT EXISTS (SELECT 1 FROM incidents n WHERE n.fingerprint = i.fingerprint AND n.id > i.id)
                  ORDER BY i.ended_at DESC, i.id DESC LIMIT 1000",
                columns.collect::<Vec<_>>().join(", ")
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(params![since, Action::FalsePositive.past_tense()], |row| {
                Ok((rows::incident(row)?, row.get::<Option<String>>(COLUMNS)?))
            })?;
            let mut mutes = Vec::new();
            for one in found {
                let (incident, muted_by) = one?;
                let Some(starts_at) = incident.ended_at else { continue };
                let ends_at = starts_at.checked_add(mute).unwrap_or(Timestamp::MAX);
                mutes.push(Mute { incident, muted_by, starts_at, ends_at });
            }
            Ok(mutes)
        })
        .await
    }
}

/// How many columns an incident has.
const COLUMNS: usize = 23;
