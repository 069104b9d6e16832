-- oldest-code: 0.1.0
-- The APIs whose scopes a pool's clients may ask for; the document has AWS's shape.
CREATE TABLE resource_servers (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  identifier TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (pool_id, identifier)
) WITHOUT ROWID;

-- Where a pool's pages are: a prefix of the base host, or a name of its own (custom_at is when that was given).
CREATE TABLE domains (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id),
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  custom_at BIGINT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX domains_by_name ON domains (name);
