"""Tool calls in a model's own words: how each family writes them, and how they are read.

`syntax.py` says what a family's way consists of, a file each holds one, `reader.py` takes an answer
apart while it is being written.
"""
