"""Who may come in, and how far: callers and their scopes, tokens, pairing, limits."""
