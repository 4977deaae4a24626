-- What the owner changed of a profile, or a profile that is only here: JSON by dotted field.
CREATE TABLE profiles (
    name TEXT PRIMARY KEY,
    changes TEXT NOT NULL
) STRICT;

-- `id` is chosen by whoever talks: a connection's own, or `voice`.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    profile TEXT NOT NULL,
    created_s REAL NOT NULL,
    updated_s REAL NOT NULL
) STRICT;
CREATE INDEX conversations_updated ON conversations (updated_s);

-- `number` is the order. calls, extra, timings_ms and tried are JSON.
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn_id TEXT NOT NULL,
    at_s REAL NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    calls TEXT NOT NULL,
    call_id TEXT NOT NULL,
    name TEXT NOT NULL,
    outside INTEGER NOT NULL,
    extra TEXT NOT NULL,
    extra_of TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_tokens INTEGER,
    cost_usd REAL,
    timings_ms TEXT NOT NULL,
    tried TEXT NOT NULL,
    code TEXT,
    cut_off INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_of_conversation ON messages (conversation_id, number);
CREATE INDEX messages_of_turn ON messages (turn_id);
CREATE INDEX messages_at ON messages (at_s);

CREATE TABLE images (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (message_id, place)
) STRICT;

-- The words of what people and PiChat said, for searching.
CREATE VIRTUAL TABLE spoken USING fts5 (
    text, content = 'messages', content_rowid = 'number',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_added AFTER INSERT ON messages WHEN new.role != 'tool' BEGIN
    INSERT INTO spoken (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF text ON messages WHEN new.role != 'tool' BEGIN
    INSERT INTO spoken (spoken, rowid, text) VALUES ('delete', old.number, old.text);
    INSERT INTO spoken (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages WHEN old.role != 'tool' BEGIN
    INSERT INTO spoken (spoken, rowid, text) VALUES ('delete', old.number, old.text);
END;
