"""HTTPS: certificates of this house's own authority or of its owner, and the port that speaks both
TLS and plain HTTP."""
