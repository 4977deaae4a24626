"""What every Zigbee device does: ZDO, the ZCL general commands, binding and reporting."""
