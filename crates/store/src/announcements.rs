//! Programs that are told of every new incident, and how far each of them has been told; and incidents that others
//! announce.

use super::{Store, foreign, notifications, rows};
use crate::Result;
use crate::sql::{Connection, OptionalExtension, params};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{IncidentId, Status};
use foghorn_domain::notification::ReasonKey;

/// An incident as it is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Its number.
    pub incident_id: IncidentId,
    /// The source of the event that opened it, else its service.
    pub source: String,
    /// What is wrong.
    pub summary: String,
    /// When it opened.
    pub at: Timestamp,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Programs that read Redis.
    Redis,
    /// Programs that ask over HTTP.
    Http,
}

impl Audience {
    fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Http => "http",
        }
    }
}

/// What an announcement of somebody else's led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// It will be analysed and told.
    Queued,
    /// It was told before, or is over.
    Known,
    /// There is no such incident.
    Missing,
}

impl Store {
    /// The next incidents that an audience has not been told of, oldest first.
    pub async fn announcements(&self, audience: Audience, limit: u32) -> Result<Vec<Announcement>> {
        self.read(move |db| after(db, cursor(db, audience)?, limit)).await
    }

    /// The incidents after one, whatever anybody has been told.
    pub async fn announcements_after(&self, incident_id: IncidentId, limit: u32) -> Result<Vec<Announcement>> {
        self.read(move |db| after(db, incident_id, limit)).await
    }

    /// The newest incident's number, 0 where there is none.
    pub async fn newest_incident(&self) -> Result<IncidentId> {
        self.read(|db| Ok(db.query_row("SELECT coalesce(max(id), 0) FROM incidents", [], |row| row.get(0))?)).await
    }

    /// How many incidents an audience has not been told of.
    pub async fn unannounced(&self, audience: Audience) -> Result<u64> {
        self.read(move |db| {
            let sql = "SELECT count(*) FROM incidents WHERE id > ?1";
            Ok(db.prepare_cached(sql)?.query_row([cursor(db, audience)?], |row| row.get(0))?)
        })
        .await
    }

    /// Notes that an audience has been told up to this incident.
    pub async fn note_announced(&self, audience: Audience, upto: IncidentId) -> Result<()> {
        self.write(move |tx| {
            tx.prepare_cached("UPDATE announcement_cursors SET incident_id = ?2 WHERE name = ?1 AND incident_id < ?2")?
                .execute(params![audience.name(), upto])?;
            Ok(())
        })
        .await
    }

    /// Takes the next incidents for an audience: nobody else of it gets them.
    pub async fn take_announcements(&self, audience: Audience, limit: u32) -> Result<Vec<Announcement>> {
        self.write(move |tx| {
            let taken = after(tx, cursor(tx, audience)?, limit)?;
            if let Some(last) = taken.last() {
                tx.prepare_cached("UPDATE announcement_cursors SET incident_id = ?2 WHERE name = ?1")?
                    .execute(params![audience.name(), last.incident_id])?;
            }
            Ok(taken)
        })
        .await
    }

    /// Has an incident told that somebody else announces, unless it was told before.
    pub async fn announce(&self, id: IncidentId) -> Result<Announced> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            // One that its announcer has inserted gets what it lacks first, so that what is told is whole.
            if foreign::pick_up_one(tx, id, clock.now())? {
                return Ok(Announced::Queued);
            }
            let sql = format!("SELECT {} FROM incidents WHERE id = ?1", rows::INCIDENT_COLUMNS);
            let Some(incident) = tx.prepare_cached(&sql)?.query_row([id], rows::incident).optional()? else {
                return Ok(Announced::Missing);
            };
            let is_new = incident.status == Status::Open
                && notifications::queue(tx, &incident, &ReasonKey::opened(), None, clock.now())?;
            Ok(if is_new { Announced::Queued } else { Announced::Known })
        })
        .await
    }
}

fn cursor(db: &Connection, audience: Audience) -> Result<IncidentId> {
    let sql = "SELECT incident_id FROM announcement_cursors WHERE name = ?1";
    Ok(db.prepare_cached(sql)?.query_row([audience.name()], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn after(db: &Connection, incident_id: IncidentId, limit: u32) -> Result<Vec<Announcement>> {
    let mut statement = db.prepare_cached(
        "SELECT i.id, coalesce(e.source, i.service), coalesce(i.summary_text, ''), i.created_at
           FROM incidents i LEFT JOIN raw_events e ON e.id = i.event_id
          WHERE i.id > ?1 ORDER BY i.id LIMIT ?2",
    )?;
    let found = statement.query_map(params![incident_id, limit], |row| {
        Ok(Announcement {
            incident_id: row.get(0)?,
            source: row.get(1)?,
            summary: row.get(2)?,
            at: rows::moment(row, 3)?.unwrap_or(Timestamp::UNIX_EPOCH),
        })
    })?;
    Ok(found.collect::<crate::sql::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[tokio::test]
    async fn every_incident_is_announced_once_to_each_audience_and_those_of_others_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(directory.path())).unwrap();
        let insert = "INSERT INTO incidents (event_id, summary_text, evidence) VALUES (NULL, 'High CPU', '{\"service\":\"postgres\"}')";
        for _ in 0..3 {
            store.write(move |tx| Ok(tx.execute(insert, [])?)).await.unwrap();
        }
        let ids = |found: Vec<Announcement>| found.into_iter().map(|one| one.incident_id).collect::<Vec<_>>();
        assert_eq!(ids(store.announcements(Audience::Redis, 2).await.unwrap()), [1, 2]);
        store.note_announced(Audience::Redis, 2).await.unwrap();
        store.note_announced(Audience::Redis, 1).await.unwrap();
        assert_eq!(ids(store.announcements(Audience::Redis, 2).await.unwrap()), [3]);
        assert_eq!(ids(store.take_announcements(Audience::Http, 2).await.unwrap()), [1, 2]);
        assert_eq!(ids(store.take_announcements(Audience::Http, 9).await.unwrap()), [3]);
        assert_eq!(store.unannounced(Audience::Http).await.unwrap(), 0);
        assert_eq!(store.newest_incident().await.unwrap(), 3);
        let led_to =
            [store.announce(1).await.unwrap(), store.announce(1).await.unwrap(), store.announce(9).await.unwrap()];
        assert_eq!(led_to, [Announced::Queued, Announced::Known, Announced::Missing]);
        let services = [store.incident(1).await.unwrap().service, store.incident(2).await.unwrap().service];
        assert_eq!(services, ["postgres", "unknown"], "what is announced is taken up first, what is not waits");
        store.close().await;
    }
}
