-- Servers of tools that the owner added beside those of config.yaml: JSON without secrets, which are
-- in a file of their own. NULL: it is one of config.yaml's, and is only switched.
CREATE TABLE mcp_servers (
    name TEXT PRIMARY KEY,
    settings TEXT,
    enabled INTEGER NOT NULL
) STRICT;

-- What a server has, as it told last: JSON.
CREATE TABLE mcp_catalogues (
    server TEXT PRIMARY KEY,
    catalogue BLOB NOT NULL,
    fetched_s REAL NOT NULL
) STRICT;

-- By what name models know a tool, for ever; the digest of what the owner approved of it; what the
-- owner says of it instead of what its server does.
CREATE TABLE mcp_tools (
    alias TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    name TEXT NOT NULL,
    approved TEXT,
    description TEXT,
    UNIQUE (server, name)
) STRICT;

-- Which of tools that do the same is preferred: JSON of all their aliases, sorted; by whose word
-- ('model', 'owner').
CREATE TABLE mcp_alike (
    tools TEXT PRIMARY KEY,
    preferred TEXT NOT NULL,
    said_by TEXT NOT NULL
) STRICT;

-- Tools switched on and off: whose ('' is everybody; profile:NAME, client:ID, token:ID), by pattern
-- of aliases, the last that fits counts.
CREATE TABLE mcp_switches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    whose TEXT NOT NULL,
    pattern TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    UNIQUE (whose, pattern)
) STRICT;

-- One line for every call of a tool elsewhere.
CREATE TABLE mcp_calls (
    id INTEGER PRIMARY KEY,
    at_s REAL NOT NULL,
    turn_id TEXT NOT NULL,
    source TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    token_id TEXT NOT NULL,
    alias TEXT NOT NULL,
    outcome TEXT NOT NULL,
    duration_ms REAL NOT NULL
) STRICT;
CREATE INDEX mcp_calls_at ON mcp_calls (at_s);

-- The words by which a tool is found.
CREATE VIRTUAL TABLE mcp_words USING fts5 (
    alias UNINDEXED, name, description, arguments,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
