-- What each tenant holds on disk, and what it has used of the processor on the day `cpu_day` (days since 1970 in UTC).
CREATE TABLE usage (
    tenant TEXT PRIMARY KEY,
    held_bytes INTEGER NOT NULL DEFAULT 0,
    cpu_day INTEGER NOT NULL DEFAULT 0,
    cpu_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO usage (tenant, held_bytes)
SELECT tenant, sum(bytes) FROM (
    SELECT tenant, octet_length(body) AS bytes FROM events
    UNION ALL
    SELECT runs.tenant, coalesce(octet_length(attempts.report), 0) FROM attempts JOIN runs ON attempts.run = runs.id
) GROUP BY tenant;

-- What requests with an Idempotency-Key were answered, sealed, since a new API key is among the answers. NULL: not answered yet.
CREATE TABLE answers (
    holder TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    sealed BLOB,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (holder, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (made_at);
