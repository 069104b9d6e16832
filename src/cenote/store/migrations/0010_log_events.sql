-- oldest-code: 0.1.0
-- What pools export of their logs, until it is delivered. The body is sealed: it names users and addresses.

CREATE TABLE log_events (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  event_id TEXT NOT NULL,
  service TEXT NOT NULL,
  arn TEXT NOT NULL,
  body_sealed BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  PRIMARY KEY (pool_id, event_id)
);
CREATE INDEX log_events_due ON log_events (due_at);
