-- Commands that wait for sleeping devices; `value` is JSON.
CREATE TABLE waiting_commands (
    device_id TEXT NOT NULL,
    capability TEXT NOT NULL,
    value TEXT NOT NULL,
    until_s REAL NOT NULL,
    PRIMARY KEY (device_id, capability)
) STRICT, WITHOUT ROWID;

-- What devices told last, until zigpy's own database has it too; `kept` is msgpack.
CREATE TABLE kept_devices (
    id TEXT PRIMARY KEY,
    kept BLOB NOT NULL
) STRICT, WITHOUT ROWID;
