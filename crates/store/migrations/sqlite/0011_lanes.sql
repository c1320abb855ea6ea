-- Alerts and what calls itself critical have partitions of their own, so that triage never has them behind logs.
INSERT INTO partitions (id, cursor, fence) SELECT id + 16, cursor, fence FROM partitions WHERE id < 16;
CREATE INDEX raw_events_urgent ON raw_events (id) WHERE partition >= 16;
