-- A conflict clause inside a trigger counts for nothing where the statement that fires it has one of its own:
-- `INSERT … ON CONFLICT DO UPDATE` into memory_item failed on the list of changes once the memory was known,
-- and `INSERT OR IGNORE` left the change out. So the triggers ask for no clause.
DROP TRIGGER memory_item_inserted;
DROP TRIGGER memory_item_updated;
DROP TRIGGER memory_item_deleted;

CREATE TRIGGER memory_item_inserted AFTER INSERT ON memory_item BEGIN
    DELETE FROM memory_changes WHERE item = NEW.rowid;
    INSERT INTO memory_changes (item) VALUES (NEW.rowid);
END;
CREATE TRIGGER memory_item_updated AFTER UPDATE ON memory_item BEGIN
    DELETE FROM memory_changes WHERE item = NEW.rowid;
    INSERT INTO memory_changes (item) VALUES (NEW.rowid);
END;
CREATE TRIGGER memory_item_deleted AFTER DELETE ON memory_item BEGIN
    DELETE FROM memory_changes WHERE item = OLD.rowid;
    INSERT INTO memory_changes (item) VALUES (OLD.rowid);
END;
