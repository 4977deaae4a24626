"""The conversation: one thing that a person said, and everything that follows from it."""
