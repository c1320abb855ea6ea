-- Incidents that other programs insert are picked up and told. Foghorn's own carry the mark; what stands here
-- already is history.
ALTER TABLE incidents ADD COLUMN picked_up INTEGER NOT NULL DEFAULT 0;
UPDATE incidents SET picked_up = 1;
CREATE INDEX incidents_foreign ON incidents (id) WHERE NOT picked_up;

-- `dirty` counts changes; it is no truth value.
DROP INDEX notifications_dirty;
CREATE INDEX notifications_dirty ON notifications (receiver, channel, edited_at) WHERE dirty > 0 AND status = 'sent';
