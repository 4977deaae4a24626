"""Looking after the network: what an owner who wants to know looks at, and what they may change."""
