-- oldest-code: 0.1.0
-- What is written at one time lies together, whichever pool it is of: pools that share a commit then share its pages,
-- too. A pool's messages, of three days at most, are looked for one by one when it is deleted; an index to find them by
-- would cost each message a page of its own.

CREATE TABLE messages_in_order (
  created_at BIGINT NOT NULL,
  message_id TEXT NOT NULL,
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  medium TEXT NOT NULL,
  recipient_hash TEXT NOT NULL,
  content_sealed BYTEA NOT NULL,
  state TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  last_error TEXT,
  route TEXT NOT NULL,
  PRIMARY KEY (created_at, message_id)
);
INSERT INTO messages_in_order (created_at, message_id, pool_id, medium, recipient_hash, content_sealed, state, due_at,
  tries, last_error, route)
SELECT created_at, message_id, pool_id, medium, recipient_hash, content_sealed, state, due_at, tries, last_error, route
FROM messages ORDER BY created_at, message_id;
DROP TABLE messages;
ALTER TABLE messages_in_order RENAME TO messages;
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'due';
CREATE INDEX messages_void ON messages (created_at) WHERE state = 'void';
CREATE INDEX messages_by_recipient ON messages (recipient_hash, created_at);

-- User names are found by `user_names`. Its rows go before their user's, as `Users.remove` has it: to find them by the
-- user took an index more than to find the user by them.
DROP INDEX users_by_username;
CREATE TABLE names (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  sub TEXT NOT NULL,
  PRIMARY KEY (pool_id, name, kind)
) WITHOUT ROWID;
INSERT INTO names (pool_id, name, kind, sub) SELECT pool_id, name, kind, sub FROM user_names ORDER BY pool_id, name, kind;
DROP TABLE user_names;
ALTER TABLE names RENAME TO user_names;
