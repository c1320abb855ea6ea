-- Messages from elsewhere that could not be used, kept until an operator replays or drops them.
CREATE TABLE dead_letters (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    origin     TEXT NOT NULL,
    body       TEXT NOT NULL,
    why        TEXT NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    last_at    TEXT NOT NULL
);

-- How far programs that are told of every new incident have been told. What there is now is history to them.
CREATE TABLE announcement_cursors (
    name        TEXT PRIMARY KEY,
    incident_id INTEGER NOT NULL
);
INSERT INTO announcement_cursors (name, incident_id)
SELECT 'redis', coalesce(max(id), 0) FROM incidents;
INSERT INTO announcement_cursors (name, incident_id)
SELECT 'http', coalesce(max(id), 0) FROM incidents;
