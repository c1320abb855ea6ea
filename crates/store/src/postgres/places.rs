//! Places of rows after their database was moved to another server.
//!
//! A place is made of the number of the transaction that wrote the row, and cursors say up to which place rows have been
//! read. A database that was dumped and restored keeps both, while its new server counts transactions from where it
//! stands: new rows would stand before cursors that have passed them, and nobody would read them. So where places lie
//! in this server's future, rows and cursors are moved to the beginning, what was read before what was not.

use crate::sql::{self, Session};

/// Whether places lie ahead of every transaction of this server.
pub(super) fn are_ahead(session: &Session) -> sql::Result<bool> {
    let rows = session.rows(
        "SELECT greatest((SELECT max(cursor) FROM partitions), (SELECT coalesce(max(seq), 0) FROM memory_changes))
                >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint << 24",
        &[],
    )?;
    Ok(rows.first().ok_or(sql::Error::NoRow)?.get(0))
}

/// Moves them back. Other processes must not work meanwhile: they would be fenced, since every fence grows.
pub(super) const MOVE_BACK: &str = "
    UPDATE raw_events e SET place = coalesce(unread.n, 0)
      FROM raw_events r
      LEFT JOIN (SELECT u.id, u.created_at, row_number() OVER (ORDER BY u.place, u.id) AS n
                   FROM raw_events u JOIN partitions p ON p.id = u.partition
                  WHERE u.place > p.cursor) AS unread ON unread.id = r.id AND unread.created_at = r.created_at
     WHERE e.id = r.id AND e.created_at = r.created_at;
    UPDATE partitions SET cursor = 0, fence = fence + 1, holder = NULL, expires_at = NULL;
    DELETE FROM triage_workers;
    UPDATE memory_changes c SET seq = n.n
      FROM (SELECT item, row_number() OVER (ORDER BY seq) AS n FROM memory_changes) AS n WHERE n.item = c.item";
