-- oldest-code: 0.1.0
-- What a pool that tracks its users' sessions shows of one. All three are empty for a session that nobody tracks.

ALTER TABLE sessions ADD COLUMN last_active_at BIGINT;
ALTER TABLE sessions ADD COLUMN device TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
