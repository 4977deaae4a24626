"""Speech to text: one file per engine, opened by its config name."""
