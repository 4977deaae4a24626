"""What else is on the air: how much energy a scan finds on each channel."""

from __future__ import annotations

from typing import Any

from pichat.simulator.errors import SimulatorError
from pichat.simulator.operations import Request, operation
from pichat.simulator.world import Simulator

_CHANNELS = range(11, 27)
_QUIET_DBM, _LOUD_DBM = -110, 0


@operation
async def noise(simulator: Simulator, request: Request) -> dict[str, Any]:
    """Changes the energy of channels, in dBm: `channels: {"15": -60}`; returns all of them."""
    given = request.get("channels", {})
    if not isinstance(given, dict):
        raise SimulatorError("The field channels has to be an object.")
    changed: dict[int, int] = {}
    for channel, dbm in given.items():
        if not str(channel).isdigit() or int(channel) not in _CHANNELS:
            raise SimulatorError(f"There is no channel {channel}; they go from 11 to 26.")
        if isinstance(dbm, bool) or not isinstance(dbm, int | float):
            raise SimulatorError(f"{dbm!r} is not a number.")
        if not _QUIET_DBM <= dbm <= _LOUD_DBM:
            raise SimulatorError(f"{dbm:g} is not between {_QUIET_DBM} and {_LOUD_DBM} dBm.")
        changed[int(channel)] = int(dbm)
    simulator.stick.noise_dbm.update(changed)
    return {"channels": {str(n): simulator.stick.noise_on(n) for n in _CHANNELS}}
