-- oldest-code: 0.1.0
-- What devices wait for until their user has decided elsewhere (RFC 8628). Both hashes are keyed: neither code can be
-- read or tried here. oauth_grant is what was asked for, and once it is approved what was granted.

CREATE TABLE device_codes (
  pool_id TEXT NOT NULL,
  device_hash TEXT NOT NULL,
  user_hash TEXT NOT NULL,
  client_id TEXT NOT NULL,
  state TEXT NOT NULL,
  oauth_grant TEXT NOT NULL,
  sub TEXT,
  auth_time BIGINT,
  poll_interval BIGINT NOT NULL,
  polled_at BIGINT,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, device_hash),
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id) ON DELETE CASCADE,
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE UNIQUE INDEX device_codes_by_user_code ON device_codes (pool_id, user_hash);
CREATE INDEX device_codes_by_client ON device_codes (pool_id, client_id);
CREATE INDEX device_codes_by_sub ON device_codes (pool_id, sub) WHERE sub IS NOT NULL;
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
