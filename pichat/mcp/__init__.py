"""Tools of other programs over the Model Context Protocol, and PiChat's own for them."""
