-- Up to which record what waited in a process's spool has been taken over, in the same transaction as the events.
CREATE TABLE spools (
    name       text PRIMARY KEY,
    upto       bigint NOT NULL,
    drained_at timestamptz NOT NULL
);
