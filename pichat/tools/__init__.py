"""The only door to the house: schema, permission and handler of each tool in one file."""
