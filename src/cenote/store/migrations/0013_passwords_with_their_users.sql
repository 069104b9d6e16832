-- oldest-code: 0.1.0
-- A password stands in its user's row: one page to write at a sign-up and one to read at a sign-in, instead of two.
-- What is sealed stays sealed for the table `passwords`, where it stood.

ALTER TABLE users ADD COLUMN password_sealed BYTEA;
ALTER TABLE users ADD COLUMN password_history_sealed BYTEA;
ALTER TABLE users ADD COLUMN password_set_at BIGINT;
ALTER TABLE users ADD COLUMN password_expires_at BIGINT;

UPDATE users SET (password_sealed, password_history_sealed, password_set_at, password_expires_at) = (
  SELECT p.password_sealed, p.history_sealed, p.set_at, p.expires_at FROM passwords p
  WHERE p.pool_id = users.pool_id AND p.sub = users.sub
);
DROP TABLE passwords;
