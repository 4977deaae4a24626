"""How busy the channels are, and which one is the best for this house."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pichat.bus import Bus
from pichat.errors import BusyError, PiChatError, UnavailableError
from pichat.events import NetworkProgress
from pichat.zigbee.care.types import ChannelEnergy, EnergyScan
from pichat.zigbee.link import Link

CHANNELS = range(11, 27)
_DURATION_EXPONENT = 4  # (2^4 + 1) × 15.36 ms a channel (IEEE 802.15.4, scan duration)
_COUNT = 2
_DEADLINE_S = 60.0
_FULL = 255
_WIFI_HALF_MHZ = 11
"""An 802.11 channel of 20 MHz with its slopes, from its middle."""
_WIFI = range(1, 14)
_BETWEEN_WIFI = frozenset({15, 20, 25})
"""Beside the Wi-Fi channels 1, 6 and 11, which most access points use."""
_COSTS_PERCENT = {26: 35.0}
_OTHERS_COST_PERCENT = 10.0
_WORTH_PERCENT = 15.0
"""A move is worth its trouble from so much less on the air."""


def wifi_channels(channel: int) -> tuple[int, ...]:
    """The Wi-Fi channels (2.4 GHz) whose band covers the Zigbee channel."""
    middle_mhz = 2405 + 5 * (channel - 11)
    return tuple(n for n in _WIFI if abs(2407 + 5 * n - middle_mhz) <= _WIFI_HALF_MHZ)


def assess(percents: Mapping[int, float], current: int) -> EnergyScan:
    """What a scan means for a network on channel `current`."""
    score = {number: percent + _cost(number) for number, percent in percents.items()}
    best = min(score, key=lambda number: (score[number], number))
    recommended = best
    if current in score and score[current] - score[best] < _WORTH_PERCENT:
        recommended = current
    channels = tuple(
        ChannelEnergy(
            channel=number,
            percent=round(percents[number], 1),
            wifi_channels=wifi_channels(number),
            is_current=number == current,
        )
        for number in sorted(percents)
    )
    return EnergyScan(
        channels=channels,
        current=current,
        recommended=recommended,
        advice=_advice(percents, current, recommended),
    )


def _cost(channel: int) -> float:
    if channel in _BETWEEN_WIFI:
        return 0.0
    return _COSTS_PERCENT.get(channel, _OTHERS_COST_PERCENT)


def _advice(percents: Mapping[int, float], current: int, recommended: int) -> str:
    if recommended == current:
        return (
            f"Stay on channel {current}: no other is so much quieter that moving all devices"
            " would be worth it. What the own network sends counts on its channel too."
        )
    why = f"Channel {recommended} is quieter ({percents[recommended]:.0f} %"
    if current in percents:
        why += f", channel {current} has {percents[current]:.0f} %"
    between = " and lies between the usual Wi-Fi channels" if recommended in _BETWEEN_WIFI else ""
    return (
        f"{why}){between}. Scan again at another time of day before you move: a look is short,"
        " and Wi-Fi comes and goes."
    )


class Energy:
    def __init__(self, link: Link, bus: Bus) -> None:
        self._link = link
        self._bus = bus
        self._scanning = False

    async def scan(self) -> EnergyScan:
        """Listen on every channel; meanwhile, some seconds, the stick hears its devices badly.
        Raises BusyError while a scan is under way, and UnavailableError."""
        if self._scanning:
            raise BusyError("The channels are being scanned already.")
        self._scanning = True
        self._bus.publish(NetworkProgress(work="energy_scan", percent=0))
        try:
            found = await self._listen()
        except PiChatError as error:
            self._bus.publish(NetworkProgress(work="energy_scan", done=True, error=error.sentence))
            raise
        finally:
            self._scanning = False
        self._bus.publish(NetworkProgress(work="energy_scan", percent=100, done=True))
        return found

    async def _listen(self) -> EnergyScan:
        from zigpy import types

        kinds: Any = types.Channels
        async with self._link.under_way() as session:
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    energies = await session.app.energy_scan(
                        channels=kinds.from_channel_list(list(CHANNELS)),
                        duration_exp=_DURATION_EXPONENT,
                        count=_COUNT,
                    )
            except session.air.failures as error:
                raise UnavailableError("The stick did not finish its scan of the air.") from error
            percents = {int(n): 100 * float(energy) / _FULL for n, energy in energies.items()}
            return assess(percents, int(session.app.state.network_info.channel))
