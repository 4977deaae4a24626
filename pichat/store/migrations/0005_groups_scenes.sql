-- Groups and scenes of devices. device_ids and states are JSON.
CREATE TABLE device_groups (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    device_ids TEXT NOT NULL
) STRICT;

-- `number` is what devices know the scene by, 1 to 255.
CREATE TABLE scenes (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    states TEXT NOT NULL,
    transition_s REAL NOT NULL,
    area TEXT
) STRICT;

-- The Zigbee groups that are kept on the devices: what each stands for, and its address.
CREATE TABLE zigbee_groups (
    key TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE
) STRICT;

-- Who may be in one. confirmed: the device said so; else it may or may not be.
CREATE TABLE zigbee_members (
    number INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    endpoint INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (number, device_id, endpoint)
) STRICT;

-- What devices hold of a scene: the digest of it, empty where that is not known.
CREATE TABLE zigbee_scenes (
    number INTEGER NOT NULL,
    device_id TEXT NOT NULL,
    endpoint INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (number, device_id, endpoint)
) STRICT;
