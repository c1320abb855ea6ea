-- What lists are narrowed and searched by, apart from the rows: an incident's evidence is so long that reading
-- past it for each of ten thousand rows takes seconds, where this takes milliseconds.
CREATE INDEX incidents_narrow ON incidents (severity, status, service, kind, summary_text, labels, created_at);
