-- oldest-code: 0.1.0
-- What happened to a user's account, in pools with threat protection: each sign-in, and what was thought of it. An event
-- whose sign-in went well has the id of its session.

CREATE TABLE auth_events (
  pool_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  response TEXT NOT NULL,
  challenges TEXT NOT NULL,
  risk_level TEXT,
  risk_decision TEXT NOT NULL,
  compromised_at BIGINT,
  address TEXT NOT NULL,
  network TEXT NOT NULL,
  device TEXT NOT NULL,
  device_name TEXT NOT NULL,
  timezone TEXT NOT NULL,
  feedback TEXT,
  feedback_by TEXT,
  feedback_at BIGINT,
  PRIMARY KEY (pool_id, sub, event_id),
  FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX auth_events_by_time ON auth_events (created_at);
