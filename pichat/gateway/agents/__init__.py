"""The house as other programs are served it over MCP: tools, resources, prompts."""
