"""Sentences to tool calls without a model, and the same sentences as the recogniser's language."""
