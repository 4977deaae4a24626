"""One file per topic; each action registers itself beside its definition."""
