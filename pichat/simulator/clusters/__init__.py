"""One file per ZCL cluster, named as the specification does; the kinds put them together."""
