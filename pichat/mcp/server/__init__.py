"""What other programs are served over the Model Context Protocol."""
