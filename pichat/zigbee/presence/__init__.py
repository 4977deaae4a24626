"""Whether devices are there, what waits for those that sleep, and what they told last."""
