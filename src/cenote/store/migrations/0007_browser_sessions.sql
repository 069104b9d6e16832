-- oldest-code: 0.1.0
-- What an OAuth authorization granted, with the session that its code began; empty for a sign-in by the API.

ALTER TABLE sessions ADD COLUMN oauth_grant TEXT;
ALTER TABLE sessions ADD COLUMN browser_session_id TEXT;

-- A browser in which a user signed in on a pool's pages. Its cookie holds the secret, the row only a hash of it.
CREATE TABLE browser_sessions (
  pool_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  secret_hash BYTEA NOT NULL,
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  amr TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  last_active_at BIGINT NOT NULL,
  device TEXT NOT NULL,
  address TEXT NOT NULL,
  device_key TEXT,
  PRIMARY KEY (pool_id, session_id),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX browser_sessions_by_sub ON browser_sessions (pool_id, sub);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);
