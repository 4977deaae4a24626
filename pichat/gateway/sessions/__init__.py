"""Conversations over HTTP that a client follows by server-sent events."""
