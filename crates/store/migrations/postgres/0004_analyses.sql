-- What a language model was asked about incidents and what it answered, as it may be shown: redacted.
CREATE TABLE analyses (
    id             bigserial PRIMARY KEY,
    incident_id    bigint NOT NULL,
    -- Names what the answer rests on: the same key again needs no second call.
    answer_key     text NOT NULL,
    model          text NOT NULL,
    prompt_version text NOT NULL,
    -- `ok`, or why there is no answer.
    outcome        text NOT NULL,
    -- The answer with its placeholders (JSON); NULL where there is none.
    answer         text,
    -- The prompt, and every call with what came back (JSON).
    sent           text NOT NULL,
    exchanges      text NOT NULL,
    input_tokens   bigint NOT NULL,
    output_tokens  bigint NOT NULL,
    micro_dollars  bigint NOT NULL,
    took_ms        bigint NOT NULL,
    created_at     timestamptz NOT NULL
);
CREATE INDEX analyses_key ON analyses (answer_key, id) WHERE answer IS NOT NULL;
CREATE INDEX analyses_incident ON analyses (incident_id, id);
CREATE INDEX analyses_age ON analyses (created_at);
