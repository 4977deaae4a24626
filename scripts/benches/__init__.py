"""The figures that PiChat is held to, each a row with its limit."""
