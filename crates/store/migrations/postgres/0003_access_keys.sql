-- Keys of programs. Of a key only its digest is kept (SHA-256, hexadecimal) and its first characters, for people.
CREATE TABLE access_keys (
    id                bigserial PRIMARY KEY,
    name              text NOT NULL,
    scope             text NOT NULL,
    prefix            text NOT NULL,
    digest            text NOT NULL UNIQUE,
    -- The source of events that name none.
    source            text,
    events_per_second integer,
    burst             integer,
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    -- To about a minute.
    last_used_at      timestamptz,
    revoked_at        timestamptz,
    revoked_by        text
);
-- A name may be given again once its key is revoked.
CREATE UNIQUE INDEX access_keys_name ON access_keys (name) WHERE revoked_at IS NULL;
