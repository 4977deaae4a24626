"""One server elsewhere: reaching it, keeping it open, and what it has."""
