"""Settings, names and history in one SQLite file."""
