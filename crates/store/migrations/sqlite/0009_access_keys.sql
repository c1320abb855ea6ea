-- Keys of programs. Of a key only its digest is kept (SHA-256, hexadecimal) and its first characters, for people.
CREATE TABLE access_keys (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    name              TEXT NOT NULL,
    scope             TEXT NOT NULL,
    prefix            TEXT NOT NULL,
    digest            TEXT NOT NULL UNIQUE,
    -- The source of events that name none.
    source            TEXT,
    events_per_second INTEGER,
    burst             INTEGER,
    created_at        TEXT NOT NULL,
    created_by        TEXT NOT NULL,
    -- To about a minute.
    last_used_at      TEXT,
    revoked_at        TEXT,
    revoked_by        TEXT
);
-- A name may be given again once its key is revoked.
CREATE UNIQUE INDEX access_keys_name ON access_keys (name) WHERE revoked_at IS NULL;
