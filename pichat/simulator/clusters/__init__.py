"""One file per ZCL cluster, named as the specification does (ZCL 8). The kinds put them together."""
