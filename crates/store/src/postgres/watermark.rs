//! Up to where the places of rows are final.
//!
//! A place grows with the number of the transaction that wrote the row. Whoever reads on from a place must not read
//! past one that an open transaction may still take: its row would never be read. Open are those that a snapshot says
//! are; of these, the ones that are known to belong to another database of the server are left out of account, so
//! that what runs there holds up nobody here. What has not shown yet where it belongs counts.

use crate::Result;
use crate::sql::{self, Session};

/// All places below this one are final for whoever asks the database after this.
pub(crate) fn final_below(session: &Session) -> Result<i64> {
    let rows = session.rows(
        "SELECT coalesce(min(open.xid), pg_snapshot_xmax(pg_current_snapshot())::text::bigint) << 24
           FROM (SELECT x::text::bigint AS xid FROM pg_snapshot_xip(pg_current_snapshot()) AS x) AS open
          WHERE NOT EXISTS
                (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                  WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
                    AND l.transactionid::text::bigint = (open.xid & 4294967295)
                    AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))",
        &[],
    )?;
    Ok(rows.first().ok_or(sql::Error::NoRow)?.get(0))
}
