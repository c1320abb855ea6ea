-- The processes that are at work on this database, each with digests of what should be the same in all of them. A
-- process says every few seconds that it lives, and is forgotten when it has not for a while.
CREATE TABLE foghorn_processes (
    id            text PRIMARY KEY,
    host          text NOT NULL,
    configuration text NOT NULL,
    seen_at       timestamptz NOT NULL
);
