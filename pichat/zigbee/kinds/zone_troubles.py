"""What sensors of alarm systems tell beside their alarm."""

from __future__ import annotations

from pichat.zigbee.converter import Attributes, converter
from pichat.zigbee.ias import IasStatus

_POWER_CONFIGURATION = 0x0001


@converter
class Tamper(IasStatus):
    """Somebody has opened or removed it."""

    name = "tamper"
    bits = 0x0004


@converter
class BatteryLow(IasStatus):
    """Of those that do not tell their charge."""

    name = "battery_low"
    bits = 0x0008

    def present(self, attributes: Attributes) -> bool:
        power = attributes.beside(_POWER_CONFIGURATION)
        tells = power is not None and power.supported("battery_percentage_remaining")
        return super().present(attributes) and not tells
