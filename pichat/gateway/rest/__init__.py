"""One file per topic; each HTTP route registers itself beside its definition."""
