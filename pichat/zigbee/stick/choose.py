"""Which stick is meant, and how it is spoken to: the settings, filled in with what is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec import structs

from pichat.config.types import Zigbee
from pichat.errors import UnavailableError
from pichat.zigbee.stick.failures import is_serial
from pichat.zigbee.stick.ports import Ports, SerialPort, footprint
from pichat.zigbee.stick.sticks import Stick, identify, likelihood, named
from pichat.zigbee.stick.watch import ABROAD

AUTO = "auto"
_UNKNOWN = Stick("", "ezsp")


def settle(config: Zigbee, ports: Ports) -> Zigbee:
    """`config` without anything left open. What it says itself counts more than what is known of
    the stick. Raises UnavailableError when `auto` finds no stick, or more than one."""
    stick = None
    if config.path == AUTO:
        config, stick = _the_one(config, ports)
    elif config.path.startswith("/"):
        port = ports.at(config.path)
        stick = identify(port) if port else None
    known = stick or _UNKNOWN
    if config.radio not in (None, known.radio):
        known = _UNKNOWN  # another firmware is on it, which wants other settings
    return structs.replace(
        config,
        radio=config.radio or known.radio,
        baud_rate=config.baud_rate or known.baud_rate,
        flow_control=config.flow_control or known.flow_control,
    )


def presence(config: Zigbee, ports: Ports) -> Hashable:
    """Differs when the stick came, went or was plugged in anew."""
    if config.path == AUTO:
        return ports.footprint()
    return footprint(config.path) if is_serial(config.path) else ABROAD


def _the_one(config: Zigbee, ports: Ports) -> tuple[Zigbee, Stick]:
    found = ports.all()
    known = [(port, stick) for port in found if (stick := identify(port)) is not None]
    if not known:
        raise UnavailableError(_none_known([p for p in found if likelihood(p) == "possible"]))
    if len(known) > 1:
        raise UnavailableError(
            f"Several Zigbee sticks are plugged in: {named([port for port, _ in known])}. Set"
            " zigbee.path to the one that PiChat shall use."
        )
    port, stick = known[0]
    return structs.replace(config, path=port.path), stick


def _none_known(possible: Sequence[SerialPort]) -> str:
    if not possible:
        return "No Zigbee stick is plugged in. Plug one in."
    return (
        "No Zigbee stick that PiChat knows is plugged in. What could be one: "
        f"{named(possible)}. `pichat zigbee detect --probe` asks; then set zigbee.path."
    )


def advice(config: Zigbee, ports: Ports) -> str | None:
    """What to set instead, in a sentence, when the configured stick is not there and another is,
    or when it has a name that lasts."""
    if not config.path.startswith("/dev/"):
        return None
    port = ports.at(config.path)
    if port is not None:
        if port.by_id and config.path == port.device:
            return (
                f"{config.path} may be another device after the next start. Set zigbee.path to"
                f" {port.by_id}."
            )
        return None
    known = [port for port in ports.all() if identify(port) is not None]
    if known:
        return f"There is: {named(known)}. If that is the one, set zigbee.path to it."
    return None
