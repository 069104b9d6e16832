-- oldest-code: 0.1.0
-- What a pool's pages look like and link to. Documents have AWS's shape.

-- A style of the managed login pages; a client has one at most.
CREATE TABLE branding_styles (
  pool_id TEXT NOT NULL,
  branding_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, branding_id),
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX branding_styles_by_client ON branding_styles (pool_id, client_id);

-- The images of a style. asset_id is a digest of what it is and holds: its address never means anything else.
CREATE TABLE branding_assets (
  pool_id TEXT NOT NULL,
  branding_id TEXT NOT NULL,
  category TEXT NOT NULL,
  color_mode TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  asset_id TEXT NOT NULL,
  extension TEXT NOT NULL,
  content BYTEA NOT NULL,
  PRIMARY KEY (pool_id, branding_id, category, color_mode, resource_id),
  FOREIGN KEY (pool_id, branding_id) REFERENCES branding_styles (pool_id, branding_id) ON DELETE CASCADE
);
CREATE INDEX branding_assets_by_id ON branding_assets (pool_id, branding_id, asset_id);

-- The look of the classic pages: of one client, or of all (client_id ALL). css is as given, style as it was written anew
-- after parsing, which is what pages show.
CREATE TABLE ui_customizations (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  css TEXT,
  style TEXT,
  image BYTEA,
  image_id TEXT,
  image_extension TEXT,
  version TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id)
);

-- The documents that a client's sign-up page links to; one of each name.
CREATE TABLE terms (
  pool_id TEXT NOT NULL,
  terms_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, terms_id),
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX terms_by_name ON terms (pool_id, client_id, name);
