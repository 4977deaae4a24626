"""Files that are sent to the house: what may come, where it is kept, and for how long."""
