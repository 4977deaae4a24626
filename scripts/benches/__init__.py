"""The figures of the issues, each a row with its limit."""
