-- The reference's tables keep their names and columns; what Foghorn adds stands below each of them.
-- Times are text: RFC 3339, UTC, six digits of fraction, so that text order is time order.

CREATE TABLE raw_events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    source          TEXT NOT NULL,
    type            TEXT NOT NULL,
    payload         TEXT NOT NULL,
    metadata        TEXT NOT NULL DEFAULT '{}',
    created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    status          TEXT,
    dedup_key       TEXT,
    episode         TEXT,
    event_timestamp TEXT,
    severity        TEXT,
    origin          TEXT,
    service         TEXT,
    environment     TEXT,
    partition       INTEGER,
    notes           TEXT
);
CREATE INDEX raw_events_changes ON raw_events (id) WHERE type = 'change';

-- A repeat of a key within 24 h is the same event.
CREATE TABLE idempotency_keys (
    source     TEXT NOT NULL,
    key        TEXT NOT NULL,
    event_id   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- The source's last word on each alert, so that an unchanged re-post is no new event.
CREATE TABLE alert_states (
    fingerprint  TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    dedup_key    TEXT NOT NULL,
    origin       TEXT NOT NULL,
    status       TEXT NOT NULL,
    episode      TEXT NOT NULL,
    content      TEXT NOT NULL,
    event_id     INTEGER NOT NULL,
    event_type   TEXT NOT NULL,
    service      TEXT NOT NULL,
    environment  TEXT NOT NULL,
    refreshed_at TEXT NOT NULL,
    expires_at   TEXT
) WITHOUT ROWID;
CREATE INDEX alert_states_expiry ON alert_states (expires_at) WHERE status = 'firing' AND expires_at IS NOT NULL;

-- Triage's place in the event log, one row a partition. The fence grows with each change of holder.
CREATE TABLE partitions (
    id     INTEGER PRIMARY KEY,
    cursor INTEGER NOT NULL DEFAULT 0,
    fence  INTEGER NOT NULL DEFAULT 0
);

-- Which incident an event belongs to and what was found in it; only for events in which something was.
CREATE TABLE event_findings (
    event_id    INTEGER PRIMARY KEY,
    incident_id INTEGER,
    findings    TEXT NOT NULL,
    decision    TEXT
);
CREATE INDEX event_findings_incident ON event_findings (incident_id, event_id);

CREATE TABLE log_templates (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    scope       TEXT NOT NULL,
    birth_key   TEXT NOT NULL,
    cluster     TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    UNIQUE (scope, birth_key)
);

-- What triage remembers of a service between batches: windows, rates, campaigns.
CREATE TABLE service_states (
    scope      TEXT PRIMARY KEY,
    partition  INTEGER NOT NULL,
    state      TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE incidents (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id             INTEGER,
    labels               TEXT NOT NULL DEFAULT '[]',
    summary_text         TEXT,
    anomaly_score        REAL,
    confidence           REAL,
    evidence             TEXT NOT NULL DEFAULT '[]',
    status               TEXT NOT NULL DEFAULT 'open',
    created_at           TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    severity             TEXT NOT NULL DEFAULT 'error',
    urgency              TEXT NOT NULL DEFAULT 'notify',
    kind                 TEXT NOT NULL DEFAULT 'alert',
    service              TEXT NOT NULL DEFAULT 'unknown',
    environment          TEXT NOT NULL DEFAULT 'default',
    fingerprint          TEXT,
    partition            INTEGER NOT NULL DEFAULT 0,
    event_count          INTEGER NOT NULL DEFAULT 0,
    last_seen            TEXT,
    ended_by             TEXT,
    ended_at             TEXT,
    previous_incident_id INTEGER,
    ends_by_source       INTEGER NOT NULL DEFAULT 1,
    needs_sweep          INTEGER NOT NULL DEFAULT 1,
    life                 TEXT NOT NULL DEFAULT '{}',
    analysis             TEXT,
    updated_at           TEXT
);
CREATE UNIQUE INDEX incidents_one_open ON incidents (fingerprint) WHERE status NOT IN ('resolved', 'false_positive');
CREATE INDEX incidents_fingerprint ON incidents (fingerprint, id);
CREATE INDEX incidents_status ON incidents (status, id);
CREATE INDEX incidents_sweep ON incidents (id) WHERE needs_sweep;
CREATE INDEX incidents_created ON incidents (created_at);

-- The outbox: a row per incident, receiver and reason. The unique key is the promise that a reason is told once.
CREATE TABLE notifications (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id  INTEGER NOT NULL,
    receiver     TEXT NOT NULL,
    channel      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    occurrence   TEXT NOT NULL,
    urgency      TEXT NOT NULL,
    status       TEXT NOT NULL DEFAULT 'pending',
    why          TEXT,
    told_with    INTEGER,
    message      TEXT,
    dirty        INTEGER NOT NULL DEFAULT 0,
    edits        INTEGER NOT NULL DEFAULT 0,
    created_at   TEXT NOT NULL,
    sent_at      TEXT,
    edited_at    TEXT,
    UNIQUE (incident_id, receiver, reason, occurrence)
);
CREATE INDEX notifications_pending ON notifications (id) WHERE status = 'pending';
CREATE INDEX notifications_dirty ON notifications (id) WHERE dirty;
CREATE INDEX notifications_sent ON notifications (sent_at) WHERE status = 'sent';

CREATE TABLE incident_notes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL,
    who         TEXT NOT NULL,
    action      TEXT NOT NULL,
    note        TEXT NOT NULL,
    created_at  TEXT NOT NULL
);
CREATE INDEX incident_notes_incident ON incident_notes (incident_id, id);

CREATE TABLE memory_item (
    id            TEXT PRIMARY KEY,
    summary       TEXT,
    labels        TEXT NOT NULL DEFAULT '[]',
    service       TEXT,
    incident_type TEXT,
    solution      TEXT,
    model         TEXT NOT NULL DEFAULT 'sentence-transformers/all-MiniLM-L6-v2',
    dim           INTEGER NOT NULL DEFAULT 384,
    embedding     BLOB,
    incident_id   INTEGER,
    fingerprint   TEXT,
    author        TEXT,
    confirmed     INTEGER NOT NULL DEFAULT 1,
    created_at    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);
CREATE INDEX memory_item_fingerprint ON memory_item (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX memory_item_incident ON memory_item (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE audit_logs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER,
    who         TEXT,
    action      TEXT,
    details     TEXT NOT NULL DEFAULT '{}',
    created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    prev_hash   TEXT,
    hash        TEXT
);
CREATE INDEX audit_logs_incident ON audit_logs (incident_id, id);

-- The last sealed row of the chain, so that the sequencer need not look for it.
CREATE TABLE audit_tip (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   INTEGER NOT NULL,
    hash TEXT NOT NULL
);

-- Kept for programs that read it; Slack is told through it later.
CREATE TABLE slack_messages (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id      INTEGER NOT NULL,
    message_ts       TEXT,
    channel_id       TEXT,
    channel_name     TEXT,
    team_name        TEXT,
    incident_type    TEXT,
    message_blocks   TEXT,
    message_text     TEXT,
    incident_summary TEXT,
    incident_labels  TEXT,
    incident_service TEXT,
    similarity_data  TEXT,
    ai_analysis      TEXT,
    sent_at          TEXT,
    slack_response   TEXT,
    status           TEXT
);
