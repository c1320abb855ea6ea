//! Access keys: who may call, by digest. What a key may do and how it looks is
//! [`foghorn_domain::access_key`]'s; here it is a row. Every change is an audit row that names the key by name and
//! number.

use super::{Store, audit};
use crate::sql::{OptionalExtension, Row, Transaction, params};
use crate::{Error, Result, time};
use foghorn_domain::access_key::{Quota, Scope};
use foghorn_domain::clock::Timestamp;
use serde_json::{Value, json};

/// Keys that may be live at once.
pub const MOST_LIVE_KEYS: i64 = 1_000;

/// Revoked keys in a list, the newest.
const MOST_REVOKED: i64 = 200;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessKeyRow {
    /// Its number.
    pub id: i64,
    /// Its name, unique among those that are live.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Its first characters, for people.
    pub prefix: String,
    /// SHA-256 of the key, hexadecimal.
    pub digest: String,
    /// The source of events that name none.
    pub source: Option<String>,
    /// How many events may come with it; `None` where that is not limited.
    pub quota: Option<Quota>,
    /// Since when there is one.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was used last, to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// Since when it counts for nothing.
    pub revoked_at: Option<Timestamp>,
    /// Who took it back.
    pub revoked_by: Option<String>,
}

/// A key to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAccessKey {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Its first characters.
    pub prefix: String,
    /// SHA-256 of the key, hexadecimal.
    pub digest: String,
    /// The source of events that name none.
    pub source: Option<String>,
    /// How many events may come with it.
    pub quota: Option<Quota>,
    /// Who makes it.
    pub created_by: String,
}

const COLUMNS: &str = "id, name, scope, prefix, digest, source, events_per_second, burst, created_at, created_by, \
                       last_used_at, revoked_at, revoked_by";

impl Store {
    /// Keys that are live, by name; with `revoked` the newest of those that are not follow.
    pub async fn access_keys(&self, revoked: bool) -> Result<Vec<AccessKeyRow>> {
        self.read(move |db| {
            let live = format!("SELECT {COLUMNS} FROM access_keys WHERE revoked_at IS NULL ORDER BY name");
            let mut statement = db.prepare_cached(&live)?;
            let mut keys = statement.query_map([], access_key)?.collect::<crate::sql::Result<Vec<_>>>()?;
            if revoked {
                let gone =
                    format!("SELECT {COLUMNS} FROM access_keys WHERE revoked_at IS NOT NULL ORDER BY id DESC LIMIT ?1");
                let mut statement = db.prepare_cached(&gone)?;
                for key in statement.query_map([MOST_REVOKED], access_key)? {
                    keys.push(key?);
                }
            }
            Ok(keys)
        })
        .await
    }

    /// Adds a key, with its audit row. A name that a live key has is [`Error::Conflict`], and so is one key too many.
    pub async fn add_access_key(&self, new: NewAccessKey, details: Value) -> Result<AccessKeyRow> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let now = clock.now();
            let sql = "SELECT count(*) FROM access_keys WHERE revoked_at IS NULL";
            let live: i64 = tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            if live >= MOST_LIVE_KEYS {
                return Err(Error::Conflict(format!("there are {live} keys already; revoke some that nobody uses")));
            }
            let id: Option<i64> = tx
                .prepare_cached(
                    "INSERT INTO access_keys (name, scope, prefix, digest, source, events_per_second, burst, created_at, created_by)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                     ON CONFLICT DO NOTHING RETURNING id",
                )?
                .query_row(
                    params![
                        new.name,
                        new.scope.as_str(),
                        new.prefix,
                        new.digest,
                        new.source,
                        new.quota.map(Quota::events_per_second),
                        new.quota.map(Quota::burst),
                        time::write(now),
                        new.created_by,
                    ],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(id) = id else {
                let name = &new.name;
                return Err(Error::Conflict(format!("there is a key `{name}` already; revoke it, or choose another name")));
            };
            let row = by_id(tx, id)?;
            audit::append(tx, None, &row.created_by, "access_key_added", &audited(&row, details), now)?;
            Ok(row)
        })
        .await
    }

    /// Revokes a key, for good. One that is revoked already stays as it is.
    pub async fn revoke_access_key(&self, id: i64, who: String, details: Value) -> Result<AccessKeyRow> {
        let clock = self.clock().clone();
        self.write(move |tx| {
            let (mut row, now) = (by_id(tx, id)?, clock.now());
            if row.revoked_at.is_none() {
                tx.prepare_cached("UPDATE access_keys SET revoked_at = ?2, revoked_by = ?3 WHERE id = ?1")?
                    .execute(params![id, time::write(now), who])?;
                audit::append(tx, None, &who, "access_key_revoked", &audited(&row, details), now)?;
                (row.revoked_at, row.revoked_by) = (Some(now), Some(who));
            }
            Ok(row)
        })
        .await
    }

    /// Remembers when keys were used last. No audit row: that nobody changed anything.
    pub async fn note_key_uses(&self, uses: Vec<(i64, Timestamp)>) -> Result<()> {
        self.write(move |tx| {
            let mut statement = tx.prepare_cached(
                "UPDATE access_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
            )?;
            for (id, at) in uses {
                statement.execute(params![id, time::write(at)])?;
            }
            Ok(())
        })
        .await
    }
}

fn by_id(tx: &Transaction<'_>, id: i64) -> Result<AccessKeyRow> {
    tx.prepare_cached(&format!("SELECT {COLUMNS} FROM access_keys WHERE id = ?1"))?
        .query_row([id], access_key)
        .optional()?
        .ok_or_else(|| Error::NotFound { what: "key", id: id.to_string() })
}

/// What the audit row says of a key: everything that was decided about it, and nothing of its text.
fn audited(row: &AccessKeyRow, mut details: Value) -> Value {
    let quota = row.quota.map(|quota| json!([quota.events_per_second(), quota.burst()]));
    let more = json!({
        "key_id": row.id, "key_name": row.name, "scope": row.scope.as_str(), "source": row.source, "quota": quota,
    });
    if let (Value::Object(details), Value::Object(more)) = (&mut details, more) {
        details.extend(more);
    }
    details
}

fn access_key(row: &Row<'_>) -> crate::sql::Result<AccessKeyRow> {
    let moment = |column| Ok::<_, crate::sql::Error>(row.get::<Option<String>>(column)?.map(|text| time::read(&text)));
    let scope: String = row.get(2)?;
    let (events_per_second, burst): (Option<u32>, Option<u32>) = (row.get(6)?, row.get(7)?);
    Ok(AccessKeyRow {
        id: row.get(0)?,
        name: row.get(1)?,
        // A scope that this version does not know gives the least right there is.
        scope: Scope::parse(&scope).unwrap_or(Scope::Intake),
        prefix: row.get(3)?,
        digest: row.get(4)?,
        source: row.get(5)?,
        quota: events_per_second.and_then(|events| Quota::new(events, burst).ok()),
        created_at: time::read(&row.get::<String>(8)?),
        created_by: row.get(9)?,
        last_used_at: moment(10)?,
        revoked_at: moment(11)?,
        revoked_by: row.get(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::model::Paging;
    use foghorn_domain::clock::{Clock, SignedDuration};

    fn store() -> (Store, tempfile::TempDir) {
        let directory = tempfile::TempDir::new().unwrap();
        let clock = Clock::manual("2026-01-02T03:04:05Z".parse().unwrap());
        (Store::open(Options { clock, ..Options::new(directory.path()) }).unwrap(), directory)
    }

    fn new(name: &str) -> NewAccessKey {
        NewAccessKey {
            name: name.to_owned(),
            scope: Scope::Intake,
            prefix: "fh_intake_ababab".to_owned(),
            digest: format!("digest of {name}"),
            source: Some("orders".to_owned()),
            quota: Quota::new(500, None).ok(),
            created_by: "ana".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_name_is_free_again_once_its_key_is_revoked() {
        let (store, _directory) = store();
        let row = store.add_access_key(new("prom"), json!({})).await.unwrap();
        assert_eq!((row.name.as_str(), row.quota, row.revoked_at), ("prom", Quota::new(500, Some(1_000)).ok(), None));
        let again = NewAccessKey { digest: "another".to_owned(), ..new("prom") };
        assert!(matches!(store.add_access_key(again.clone(), json!({})).await, Err(Error::Conflict(_))));
        let same_digest = NewAccessKey { digest: row.digest.clone(), ..new("other") };
        assert!(matches!(store.add_access_key(same_digest, json!({})).await, Err(Error::Conflict(_))));
        store.revoke_access_key(row.id, "ben".to_owned(), json!({})).await.unwrap();
        let second = store.add_access_key(again, json!({})).await.unwrap();
        let ids = |keys: Vec<AccessKeyRow>| keys.iter().map(|key| key.id).collect::<Vec<_>>();
        assert_eq!(ids(store.access_keys(false).await.unwrap()), [second.id]);
        assert_eq!(ids(store.access_keys(true).await.unwrap()), [second.id, row.id]);
        assert!(matches!(
            store.revoke_access_key(99, "ben".to_owned(), json!({})).await,
            Err(Error::NotFound { what: "key", .. })
        ));
    }

    #[tokio::test]
    async fn every_change_is_audited_once_by_name_and_number_and_never_by_key() {
        let (store, _directory) = store();
        let row = store.add_access_key(new("prom"), json!({"via": "cli"})).await.unwrap();
        for who in ["ben", "cleo"] {
            let revoked = store.revoke_access_key(row.id, who.to_owned(), json!({"via": "http"})).await.unwrap();
            assert_eq!(revoked.revoked_by.as_deref(), Some("ben"));
        }
        let entries = store.audit_entries(None, Paging { limit: 10, cursor: None, exact_count: true }).await.unwrap();
        let said: Vec<String> = entries.items.iter().map(|row| format!("{} {}", row.who, row.action)).collect();
        assert_eq!(said, ["ben access_key_revoked", "ana access_key_added"]);
        let decided = json!({"key_id": row.id, "key_name": "prom", "scope": "intake", "source": "orders",
            "quota": [500, 1000], "via": "cli"});
        assert_eq!(entries.items[1].details, decided);
    }

    #[tokio::test]
    async fn the_last_use_only_moves_forward() {
        let (store, _directory) = store();
        let row = store.add_access_key(new("prom"), json!({})).await.unwrap();
        let now = store.clock().now();
        let earlier = now - SignedDuration::from_mins(5);
        store.note_key_uses(vec![(row.id, now), (99, now)]).await.unwrap();
        store.note_key_uses(vec![(row.id, earlier)]).await.unwrap();
        assert_eq!(store.access_keys(false).await.unwrap()[0].last_used_at, Some(now));
    }

    #[tokio::test]
    async fn there_is_a_bound_on_live_keys() {
        let (store, _directory) = store();
        for number in 0..MOST_LIVE_KEYS {
            store.add_access_key(new(&format!("k{number}")), json!({})).await.unwrap();
        }
        assert!(matches!(store.add_access_key(new("more"), json!({})).await, Err(Error::Conflict(_))));
    }
}
