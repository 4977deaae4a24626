-- Whether the owner wants to be asked before a device opens, unlocks or heats; by kind where it
-- does not say.
CREATE TABLE device_marks (
    id TEXT PRIMARY KEY,
    confirm INTEGER NOT NULL
) STRICT;

-- Who said yes (or no) to a call that needed it: "voice", "screen", "shell".
ALTER TABLE audit ADD COLUMN confirmed_by TEXT;
