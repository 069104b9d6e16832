-- oldest-code: 0.1.0
-- Second factors. An authenticator app's secret waits in pending_sealed until a code proves that the user has it; the
-- last step that a code was used of only grows.

CREATE TABLE factors (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  totp_sealed BYTEA,
  totp_name TEXT,
  totp_verified_at BIGINT,
  totp_last_step BIGINT,
  pending_sealed BYTEA,
  sms_enabled_at BIGINT,
  totp_enabled_at BIGINT,
  email_enabled_at BIGINT,
  passkey_enabled_at BIGINT,
  preferred TEXT,
  PRIMARY KEY (pool_id, sub),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
