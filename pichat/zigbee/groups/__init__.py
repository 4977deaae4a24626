"""Devices that are commanded together: what is kept on them for it, and how it is used."""
