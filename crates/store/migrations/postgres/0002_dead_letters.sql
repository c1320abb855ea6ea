-- Messages from elsewhere that could not be used, kept until an operator replays or drops them.
CREATE TABLE dead_letters (
    id         bigserial PRIMARY KEY,
    origin     text NOT NULL,
    body       text NOT NULL,
    why        text NOT NULL,
    attempts   integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    last_at    timestamptz NOT NULL
);

-- How far programs that are told of every new incident have been told. What there is now is history to them.
CREATE TABLE announcement_cursors (
    name        text PRIMARY KEY,
    incident_id bigint NOT NULL
);
INSERT INTO announcement_cursors (name, incident_id)
SELECT 'redis', coalesce(max(id), 0) FROM incidents;
INSERT INTO announcement_cursors (name, incident_id)
SELECT 'http', coalesce(max(id), 0) FROM incidents;
