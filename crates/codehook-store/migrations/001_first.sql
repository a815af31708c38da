-- Times are milliseconds since 1970 in UTC. Identifiers are ULIDs, so that their order is that of their making.

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    quotas TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    -- NULL: the operator's, for every tenant.
    tenant TEXT REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE TABLE secrets (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- What signs or authenticates deliveries.
    sealed BLOB,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE hooks (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    draft TEXT NOT NULL,
    -- Counts the changes of the draft and of what is published.
    revision INTEGER NOT NULL,
    published INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE hook_versions (
    hook TEXT NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (hook, version)
) STRICT, WITHOUT ROWID;

-- A version never changes after publication.
CREATE TRIGGER hook_versions_never_change BEFORE UPDATE ON hook_versions
BEGIN
    SELECT RAISE(ABORT, 'a published version never changes');
END;

CREATE TABLE events (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    source TEXT,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_of_tenant ON events (tenant, id);

CREATE TABLE deliveries (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    event TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    event TEXT NOT NULL,
    hook TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    replay_of TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_of_tenant ON runs (tenant, id);
CREATE INDEX runs_of_event ON runs (event);
CREATE INDEX runs_open ON runs (id) WHERE state IN ('queued', 'running');

CREATE TABLE attempts (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    report TEXT,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts (run) WHERE ended_at IS NULL;
