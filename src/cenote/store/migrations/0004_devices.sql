-- oldest-code: 0.1.0
-- Devices that their users confirmed. secret_sealed holds the device's SRP verifier and salt.

CREATE TABLE devices (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  device_key TEXT NOT NULL,
  name TEXT,
  secret_sealed BYTEA NOT NULL,
  status TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  authenticated_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, device_key),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;

-- The device that a session is of, confirmed or not.
ALTER TABLE sessions ADD COLUMN device_key TEXT;

-- Sign-ins that wait for a device's proof from a client that sends no Session; the handle is made of its SRP_A.
CREATE TABLE device_chains (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  handle TEXT NOT NULL,
  ticket_sealed BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, handle)
) WITHOUT ROWID;
CREATE INDEX device_chains_by_expiry ON device_chains (expires_at);
