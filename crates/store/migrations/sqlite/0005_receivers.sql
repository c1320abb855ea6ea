-- Receivers beside the dashboard, and what keeps them from being told.

-- The way through the routing file, in words.
ALTER TABLE notifications ADD COLUMN route TEXT;
-- The team that the route names.
ALTER TABLE notifications ADD COLUMN team TEXT;
-- What holds a telling back: `maintenance`, `silence:7`, `inhibition:12`; `settled` once that has ended.
ALTER TABLE notifications ADD COLUMN held_by TEXT;
-- A delivery has begun and its outcome is not recorded: whoever finds it looks before sending again.
ALTER TABLE notifications ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0;
-- Whether the delivered message may repeat an earlier one.
ALTER TABLE notifications ADD COLUMN may_repeat INTEGER NOT NULL DEFAULT 0;
-- What the receiver calls the message (JSON: channel, ts), and the status of the incident that it shows.
ALTER TABLE notifications ADD COLUMN provider TEXT;
ALTER TABLE notifications ADD COLUMN shown_status TEXT;
-- The message stands for many: a storm, or what still fires after a silence.
ALTER TABLE notifications ADD COLUMN is_digest INTEGER NOT NULL DEFAULT 0;
DROP INDEX notifications_pending;
DROP INDEX notifications_dirty;
CREATE INDEX notifications_pending ON notifications (receiver, channel, id) WHERE status = 'pending';
CREATE INDEX notifications_dirty ON notifications (receiver, channel, edited_at) WHERE dirty AND status = 'sent';
CREATE INDEX notifications_held ON notifications (held_by) WHERE status = 'held' AND held_by IS NOT NULL;
CREATE INDEX notifications_lane ON notifications (receiver, channel, sent_at) WHERE status = 'sent';

CREATE TABLE silences (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    matchers   TEXT NOT NULL,
    starts_at  TEXT NOT NULL,
    ends_at    TEXT NOT NULL,
    created_by TEXT NOT NULL,
    comment    TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX silences_end ON silences (ends_at);

-- Signed requests that were carried out: the same one again gets the same answer and does nothing.
CREATE TABLE slack_requests (
    signature  TEXT PRIMARY KEY,
    answer     TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX slack_requests_age ON slack_requests (created_at);

-- One row per source: when it was last heard and how regularly it speaks.
CREATE TABLE sources (
    source     TEXT PRIMARY KEY,
    last_heard TEXT NOT NULL,
    rhythm     TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
