-- oldest-code: 0.1.0
-- Which way out a message takes; and those to nobody, which do not stay.

ALTER TABLE messages ADD COLUMN route TEXT NOT NULL DEFAULT 'COGNITO_DEFAULT';
CREATE INDEX messages_void ON messages (created_at) WHERE state = 'void';
