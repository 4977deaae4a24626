-- Names and rooms that people gave to devices; `id` is the EUI-64 in colon form.
CREATE TABLE device_names (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    area TEXT
) STRICT;

-- One line for every tool call, whoever asked.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_s REAL NOT NULL,
    turn_id TEXT NOT NULL,
    source TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at_s);
