-- Where a memory comes from, what became of its fix, and which rows changed since the index last looked.

ALTER TABLE memory_item ADD COLUMN origin TEXT NOT NULL DEFAULT 'external';
ALTER TABLE memory_item ADD COLUMN retired_at TEXT;
ALTER TABLE memory_item ADD COLUMN outcome TEXT;
ALTER TABLE memory_item ADD COLUMN helped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memory_item ADD COLUMN not_helped INTEGER NOT NULL DEFAULT 0;
-- Hash of the text that `embedding` was made of; NULL where somebody else made it.
ALTER TABLE memory_item ADD COLUMN embedded_text TEXT;
UPDATE memory_item SET origin = 'incident' WHERE incident_id IS NOT NULL;

-- At most one row a memory; its number grows with every change.
CREATE TABLE memory_changes (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    item INTEGER NOT NULL UNIQUE
);
INSERT INTO memory_changes (item) SELECT rowid FROM memory_item;

CREATE TRIGGER memory_item_inserted AFTER INSERT ON memory_item BEGIN
    INSERT OR REPLACE INTO memory_changes (item) VALUES (NEW.rowid);
END;
CREATE TRIGGER memory_item_updated AFTER UPDATE ON memory_item BEGIN
    INSERT OR REPLACE INTO memory_changes (item) VALUES (NEW.rowid);
END;
CREATE TRIGGER memory_item_deleted AFTER DELETE ON memory_item BEGIN
    INSERT OR REPLACE INTO memory_changes (item) VALUES (OLD.rowid);
END;
