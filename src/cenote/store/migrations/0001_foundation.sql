-- oldest-code: 0.1.0
-- The foundation: pools, app clients, users, groups, sign-in state, messages, keys.
-- Times are epoch milliseconds. A column of type BYTEA that ends in _sealed holds AES-256-GCM under the pool's data
-- key; seal_key holds that data key, wrapped by the master key. SQL never looks inside a JSON document.
-- WITHOUT ROWID keeps a row in its primary key's own tree: half the pages to write, as long as rows are small, for they
-- stand in the tree's inner pages, too. It is SQLite's word; the engine of PostgreSQL leaves it out, and compares text
-- by code points as SQLite does.

CREATE TABLE server_keys (
  name TEXT NOT NULL PRIMARY KEY,
  seal_key BYTEA NOT NULL
);

CREATE TABLE access_keys (
  access_key_id TEXT NOT NULL PRIMARY KEY,
  secret_sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);

-- A document stands last: SQLite would go through it, and through pages of its own, to what is behind it, and the
-- revision is asked for with every request.
CREATE TABLE pools (
  pool_id TEXT NOT NULL PRIMARY KEY,
  region TEXT NOT NULL,
  revision BIGINT NOT NULL,
  seal_key BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX pools_by_region ON pools (region, pool_id);

CREATE TABLE signing_keys (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  kid TEXT NOT NULL,
  token_use TEXT NOT NULL,
  private_sealed BYTEA,
  public_jwk TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT,
  PRIMARY KEY (pool_id, kid)
) WITHOUT ROWID;

CREATE TABLE clients (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (pool_id, client_id)
);
CREATE UNIQUE INDEX clients_by_id ON clients (client_id);

CREATE TABLE client_secrets (
  pool_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  secret_id TEXT NOT NULL,
  secret_sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id, secret_id),
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- Not WITHOUT ROWID: its rows are large. New ones stand behind each other, and the key's tree is as flat as can be.
-- (A database made before this was so keeps it, and reads and writes a few pages more.)
CREATE TABLE users (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  sub TEXT NOT NULL,
  username TEXT NOT NULL,
  status TEXT NOT NULL,
  attributes TEXT NOT NULL,
  email TEXT,
  phone_number TEXT,
  name TEXT,
  given_name TEXT,
  family_name TEXT,
  preferred_username TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  disabled_at BIGINT,
  PRIMARY KEY (pool_id, sub)
);
CREATE INDEX users_by_username ON users (pool_id, username);
-- Only what is there costs an index entry: most users carry few of these, and most are confirmed and enabled.
CREATE INDEX users_by_status ON users (pool_id, status) WHERE status <> 'CONFIRMED';
CREATE INDEX users_disabled ON users (pool_id, sub) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_by_email ON users (pool_id, email) WHERE email IS NOT NULL;
CREATE INDEX users_by_phone_number ON users (pool_id, phone_number) WHERE phone_number IS NOT NULL;
CREATE INDEX users_by_name ON users (pool_id, name) WHERE name IS NOT NULL;
CREATE INDEX users_by_given_name ON users (pool_id, given_name) WHERE given_name IS NOT NULL;
CREATE INDEX users_by_family_name ON users (pool_id, family_name) WHERE family_name IS NOT NULL;
CREATE INDEX users_by_preferred_username ON users (pool_id, preferred_username) WHERE preferred_username IS NOT NULL;

-- Every spelling a user can be found by; the primary key is the gate against two users with one name.
CREATE TABLE user_names (
  pool_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  sub TEXT NOT NULL,
  PRIMARY KEY (pool_id, name, kind),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX user_names_by_sub ON user_names (pool_id, sub);

CREATE TABLE passwords (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  password_sealed BYTEA NOT NULL,
  history_sealed BYTEA,
  set_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (pool_id, sub),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE user_groups (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  group_name TEXT NOT NULL,
  description TEXT,
  role_arn TEXT,
  precedence BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, group_name)
);

CREATE TABLE memberships (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  group_name TEXT NOT NULL,
  joined_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, group_name),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE,
  FOREIGN KEY (pool_id, group_name) REFERENCES user_groups (pool_id, group_name) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX memberships_by_group ON memberships (pool_id, group_name, sub);

-- One row a sign-in: the family of refresh tokens and every token that carries its id as origin_jti.
CREATE TABLE sessions (
  pool_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  auth_time BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  generation BIGINT NOT NULL,
  rotated_at BIGINT,
  PRIMARY KEY (pool_id, session_id),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE,
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX sessions_by_sub ON sessions (pool_id, sub);
CREATE INDEX sessions_by_client ON sessions (pool_id, client_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The newest confirmation code of a user for a purpose; taking it deletes it.
CREATE TABLE codes (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  purpose TEXT NOT NULL,
  code_hash BYTEA NOT NULL,
  detail TEXT,
  expires_at BIGINT NOT NULL,
  tries_left BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, purpose),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;

-- Wrong passwords in a row. The subject is a user's sub, or a hash of a name that no user has.
CREATE TABLE attempts (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  subject TEXT NOT NULL,
  failures BIGINT NOT NULL,
  locked_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, subject)
) WITHOUT ROWID;
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

-- How often something was asked for in the current window (codes sent, codes guessed).
CREATE TABLE quotas (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  subject TEXT NOT NULL,
  action TEXT NOT NULL,
  spent BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, subject, action)
) WITHOUT ROWID;
CREATE INDEX quotas_by_expiry ON quotas (expires_at);

-- What may happen once: the insert is the gate.
CREATE TABLE used_once (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  use_id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, use_id)
) WITHOUT ROWID;
CREATE INDEX used_once_by_expiry ON used_once (expires_at);

-- Messages to deliver (state due), delivered (sent), kept for the developer's outbox (kept), given up (dead).
CREATE TABLE messages (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  message_id TEXT NOT NULL,
  medium TEXT NOT NULL,
  recipient_hash TEXT NOT NULL,
  content_sealed BYTEA NOT NULL,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  last_error TEXT,
  PRIMARY KEY (pool_id, message_id)
);
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'due';
CREATE INDEX messages_by_recipient ON messages (recipient_hash, created_at);
CREATE INDEX messages_by_time ON messages (created_at, message_id);
