-- People of the house. kind: adult, child, guest. terms and settings are JSON. `house` is whoever
-- is no person in particular, `guest` any visitor.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    kind TEXT NOT NULL,
    profile TEXT,
    terms TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_s REAL NOT NULL
) STRICT;
INSERT INTO users VALUES
    ('house', 'House', 'adult', NULL, '{}', '{}', 0),
    ('guest', 'Guest', 'guest', NULL, '{}', '{}', 0);

-- Screens and programs that were let in. `hash` is the token's SHA-256.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    area TEXT,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_s REAL NOT NULL,
    last_used_s REAL
) STRICT;

-- A conversation is its person's, and nobody else's.
ALTER TABLE conversations ADD COLUMN user_id TEXT NOT NULL DEFAULT 'house';
CREATE INDEX conversations_of_user ON conversations (user_id, updated_s);

-- What programs that talk to PiChat want it to keep for them: JSON objects.
CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    active_preset TEXT,
    tools TEXT NOT NULL
) STRICT;
CREATE TABLE presets (
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_s REAL NOT NULL,
    PRIMARY KEY (client_id, name)
) STRICT;

-- Files that were sent; they are beside the store, each under its id.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    width_px INTEGER,
    height_px INTEGER,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_s REAL NOT NULL,
    used_s REAL NOT NULL
) STRICT;
CREATE INDEX uploads_of_user ON uploads (user_id, created_s);

-- What one could say, offered on screens; in the order of `place`.
CREATE TABLE suggestions (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    text TEXT NOT NULL,
    place REAL NOT NULL
) STRICT;
