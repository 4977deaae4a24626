"""A simulated EZSP coordinator with a house of Zigbee devices behind it.

It runs in its own process (`python -m pichat.simulator`) and is reached as a real stick is: by
opening a serial path (a pseudo-terminal) or a TCP port. Nothing in here imports zigpy or bellows;
the wire is written down once more on purpose, so that a mistake on either side shows.

Layers, each knowing only those above it in this list:
`wire` (bytes, ASH, ports), `node` (a device: ZDO, ZCL, reporting), `clusters`, `kinds`, `house`,
`radio` (the air, with `mailbox` for what sleeping devices have not fetched), `ncp` (the stick's
EZSP commands), `association` (who joins, leaves, loses its parent), `world` (all of it together),
`server` (the control socket), `process` and `control` (what other programs use), `scenario` and
`player` (faults from a file).
"""
