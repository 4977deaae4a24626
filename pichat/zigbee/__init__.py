"""The host side of Zigbee: zigpy and bellows, and devices as people see them.

zigpy and bellows are imported when the radio is first opened, never by these modules themselves:
they cost half a second, and the daemon answers before that.
"""
