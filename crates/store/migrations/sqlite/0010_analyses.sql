-- What a language model was asked about incidents and what it answered, as it may be shown: redacted.
CREATE TABLE analyses (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id    BIGINT NOT NULL,
    -- Names what the answer rests on: the same key again needs no second call.
    answer_key     TEXT NOT NULL,
    model          TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    -- `ok`, or why there is no answer.
    outcome        TEXT NOT NULL,
    -- The answer with its placeholders (JSON); NULL where there is none.
    answer         TEXT,
    -- The prompt, and every call with what came back (JSON).
    sent           TEXT NOT NULL,
    exchanges      TEXT NOT NULL,
    input_tokens   BIGINT NOT NULL,
    output_tokens  BIGINT NOT NULL,
    micro_dollars  BIGINT NOT NULL,
    took_ms        BIGINT NOT NULL,
    created_at     TEXT NOT NULL
);
CREATE INDEX analyses_key ON analyses (answer_key, id) WHERE answer IS NOT NULL;
CREATE INDEX analyses_incident ON analyses (incident_id, id);
CREATE INDEX analyses_age ON analyses (created_at);
