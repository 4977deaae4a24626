"""The only code that touches sound cards, and the shapes of sound inside the daemon."""
