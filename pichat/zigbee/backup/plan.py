"""What restoring a backup would do, told before anything is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from pichat.zigbee.backup.open_coordinator import Backup, Summary
from pichat.zigbee.stick.libraries import LIBRARIES
from pichat.zigbee.stick.restore import takes_address

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

Holds = Literal["nothing", "the same network", "another network"]


class Stick(msgspec.Struct, frozen=True, kw_only=True):
    """The stick that is plugged in. `coordinator_id`: its address (EUI64), where it tells that.
    `takes_address`: it has the old stick's address, or can be given it as often as one likes."""

    coordinator_id: str | None
    holds: Holds
    takes_address: bool = True
    channel: int | None = None
    pan_id: int | None = None


class RestorePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`stick` is None when it could not be asked, and then `problem` says why. `names`: how many
    devices have one. `forgotten`: devices that are known now and not in the backup. `steps`: what
    is done, a sentence each."""

    backup: Summary
    stick: Stick | None
    names: int
    forgotten: int
    steps: tuple[str, ...]
    problem: str | None = None


async def look(app: ControllerApplication, backup: Backup) -> Stick:
    """`app` is connected; its network need not run. Raises what the radio's library raises."""
    from zigpy.exceptions import NetworkNotFormed

    try:
        await app.load_network_info(load_devices=False)
    except NetworkNotFormed:
        return Stick(
            coordinator_id=await _address(app),
            holds="nothing",
            takes_address=backup.network is None or await takes_address(app, backup.network),
        )
    info = app.state.network_info
    return Stick(
        coordinator_id=str(app.state.node_info.ieee),
        holds=_holds(app, backup),
        takes_address=backup.network is None or await takes_address(app, backup.network),
        channel=int(info.channel),
        pan_id=int(info.pan_id),
    )


async def _address(app: ControllerApplication) -> str | None:
    """Of a stick without a network, which zigpy itself has no question for."""
    package = type(app).__module__.partition(".")[0]
    for library in LIBRARIES.values():
        if library.package == package:
            return str(await library.address(app))
    return None


def _holds(app: ControllerApplication, backup: Backup) -> Holds:
    if backup.network is None:
        return "the same network"  # the only one that there is
    mine, its = app.state.network_info, backup.network.network_info
    same = (
        mine.extended_pan_id == its.extended_pan_id
        and mine.network_key.key == its.network_key.key
        and mine.pan_id == its.pan_id
    )
    return "the same network" if same else "another network"


def plan(
    backup: Backup, stick: Stick | None, problem: str | None, known: frozenset[str]
) -> RestorePlan:
    """`known`: the ids of the devices that there are now."""
    named = backup.house.get("devices") or {}
    coming = frozenset(named)
    forgotten = len(known - coming) if backup.database is not None else 0
    return RestorePlan(
        backup=backup.summary(),
        stick=stick,
        names=len(named),
        forgotten=forgotten,
        steps=tuple(_steps(backup, stick, forgotten)),
        problem=problem,
    )


def _steps(backup: Backup, stick: Stick | None, forgotten: int) -> list[str]:
    summary = backup.summary()
    made = datetime.fromtimestamp(summary.made_s, UTC).astimezone().strftime("%d %B %Y, %H:%M")
    steps = []
    if summary.pan_id is None:
        steps.append("The network stays as it is on the stick: the backup has none.")
    else:
        steps.append(
            f"The network 0x{summary.pan_id:04x} on channel {summary.channel}, as it was on {made},"
            " is written onto the stick."
        )
    if stick is not None:
        steps += _stick_steps(backup, stick)
    if backup.database is None:
        steps.append(
            "The file holds the network only. Devices of it that PiChat knows stay; others are"
            " known once each has said something."
        )
    else:
        steps.append(f"{_devices(summary.devices)} back, and need not join again.")
    if forgotten:
        steps.append(f"What is known now and not in the backup is forgotten: {forgotten}.")
    return steps


def _stick_steps(backup: Backup, stick: Stick) -> list[str]:
    steps = []
    if stick.holds == "another network" and stick.pan_id is not None:
        steps.append(
            f"{_name(stick)} holds another network now"
            f" (0x{stick.pan_id:04x} on channel {stick.channel}), which is then gone."
        )
    old = None if backup.network is None else str(backup.network.node_info.ieee)
    if old is not None and old != stick.coordinator_id:
        steps.append(
            f"{_name(stick)} takes over the address {old} of the old one. Do not use both at the"
            " same time."
            if stick.takes_address
            else f"{_name(stick)} keeps its own address, since it cannot take"
            f" over {old}: the devices are set up again in the background, and a few may have to"
            " join again."
        )
    return steps


def _name(stick: Stick) -> str:
    return f"The stick {stick.coordinator_id}" if stick.coordinator_id else "The stick"


def _devices(number: int) -> str:
    return "1 device comes" if number == 1 else f"{number} devices come"
