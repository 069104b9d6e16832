-- oldest-code: 0.1.0
-- Passkeys. A credential id belongs to one user of a pool; the signature counter only grows. The public key is sealed
-- not for being secret, but so that nobody who can write to the database can put another in its place.

CREATE TABLE passkeys (
  pool_id TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  public_key_sealed BYTEA NOT NULL,
  sign_count BIGINT NOT NULL,
  relying_party TEXT NOT NULL,
  attachment TEXT NOT NULL,
  transports TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, credential_id),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX passkeys_by_sub ON passkeys (pool_id, sub);
