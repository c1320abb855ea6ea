//! Which of the processes with the role `agent` tells people now.
//!
//! Two that told at once would tell twice, so one does, for as long as its lease is good by the database's clock. The
//! others wait, each ready to go on from what the store knows. SQLite has one process, which always holds it.

use super::Store;
use crate::Result;
use crate::sql::{OptionalExtension, Transaction, params};

/// How long a lease is good, in seconds, when its holder says nothing more.
pub const AGENT_LEASE_SECONDS: u32 = 10;

const AGENT: &str = "agent";

impl Store {
    /// Takes or renews the lease; `false` where another process has it. Whoever was told `true` may count on it for
    /// less than [`AGENT_LEASE_SECONDS`].
    pub async fn hold_agent_lease(&self, holder: String) -> Result<bool> {
        if !self.is_shared() {
            return Ok(true);
        }
        self.set_agent(&holder);
        self.write(move |tx| {
            let sql = "INSERT INTO leases (name, holder, expires_at)
                       VALUES (?1, ?2, clock_timestamp() + make_interval(secs => ?3::double precision))
                       ON CONFLICT (name) DO UPDATE SET
                           holder = excluded.holder, expires_at = excluded.expires_at,
                           fence = leases.fence + CASE WHEN leases.holder = excluded.holder THEN 0 ELSE 1 END
                        WHERE leases.holder = excluded.holder OR leases.expires_at < clock_timestamp()
                       RETURNING fence";
            let seconds = f64::from(AGENT_LEASE_SECONDS);
            let fence: Option<i64> =
                tx.prepare_cached(sql)?.query_row(params![AGENT, holder, seconds], |row| row.get(0)).optional()?;
            Ok(fence.is_some())
        })
        .await
    }

    /// Gives the lease back, so that another process need not wait for its end.
    pub async fn release_agent_lease(&self, holder: String) -> Result<()> {
        if !self.is_shared() {
            return Ok(());
        }
        self.write(move |tx| {
            tx.execute("DELETE FROM leases WHERE name = ?1 AND holder = ?2", params![AGENT, holder])?;
            Ok(())
        })
        .await
    }
}

/// Whether this process may still tell people. A process that was stopped for longer than its lease learns here, inside
/// of the transaction, that another one has gone on without it.
pub(super) fn is_held(tx: &Transaction<'_>, holder: Option<&str>) -> Result<bool> {
    let (true, Some(holder)) = (tx.is_postgres(), holder) else { return Ok(true) };
    let sql = "SELECT count(*) > 0 FROM leases WHERE name = ?1 AND holder = ?2 AND expires_at > clock_timestamp()";
    Ok(tx.prepare_cached(sql)?.query_row(params![AGENT, holder], |row| row.get(0))?)
}
