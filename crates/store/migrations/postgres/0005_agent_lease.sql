-- Which process tells people now. It says every few seconds that it lives; when it has not for a while, another takes
-- over. The fence grows with each change.
CREATE TABLE leases (
    name       text PRIMARY KEY,
    holder     text NOT NULL,
    fence      bigint NOT NULL DEFAULT 1,
    expires_at timestamptz NOT NULL
);
