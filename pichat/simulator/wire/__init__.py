"""Bytes: little-endian codecs, ASH, and the ports that carry it."""
