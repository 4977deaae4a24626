"""The protocol, told from the types that it is made of: as JSON schema, Markdown and OpenAPI."""
