-- A telling that cannot be delivered waits for its next try and does not hold up the others.
ALTER TABLE notifications ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notifications ADD COLUMN next_attempt_at TEXT;
CREATE INDEX notifications_joined ON notifications (told_with) WHERE told_with IS NOT NULL;

DROP INDEX raw_events_changes;
CREATE INDEX raw_events_changes ON raw_events (created_at) WHERE type = 'change';

-- What triage remembers of a service is kept in parts, so that a batch writes only what it changed.
DROP TABLE service_states;
CREATE TABLE service_states (
    scope      TEXT NOT NULL,
    part       TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    state      TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (scope, part)
) WITHOUT ROWID;
