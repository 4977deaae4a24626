"""What can be asked on the control socket; one function an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from pichat.simulator.errors import SimulatorError
from pichat.simulator.ncp.memory import StickNetwork
from pichat.simulator.node.device import Device
from pichat.simulator.settings import replace_fields
from pichat.simulator.wire.codec import eui64_to_text
from pichat.simulator.world import Simulator

Request = dict[str, Any]
Operation = Callable[[Simulator, Request], Awaitable[dict[str, Any]]]
OPERATIONS: dict[str, Operation] = {}


def operation(made: Operation) -> Operation:
    """Registers a function under its own name."""
    name = getattr(made, "__name__", "").rstrip("_")
    if name in OPERATIONS:
        raise TypeError(f"the operation {name!r} is registered twice")
    OPERATIONS[name] = made
    return made


def _device(simulator: Simulator, request: Request) -> Device:
    name = request.get("device")
    if not isinstance(name, str):
        raise SimulatorError("The field device is missing.")
    return simulator.household.find(name)


def _about(simulator: Simulator, device: Device) -> dict[str, Any]:
    who = device.identity
    return {
        "id": who.id,
        "name": who.name,
        "area": who.area,
        "kind": who.kind,
        "ieee": eui64_to_text(who.eui64),
        "address": device.address,
        "joined": simulator.household.association.on_network(device),
        "values": device.values(),
        "link": msgspec.to_builtins(device.link),
    }


def _besides(request: Request, *names: str) -> Request:
    return {name: value for name, value in request.items() if name not in ("op", *names)}


@operation
async def status(simulator: Simulator, _: Request) -> dict[str, Any]:
    network = simulator.stick.memory.network
    return {
        "path": simulator.path,
        "plugged": simulator.plugged,
        "ezsp": simulator.stick.version,
        "eui64": eui64_to_text(simulator.stick.eui64),
        "up": simulator.stick.now.up,
        "joining": simulator.household.association.is_open,
        "network": None
        if network is None
        else {"pan": network.pan, "channel": network.channel, "update_id": network.update_id},
        "settings": msgspec.to_builtins(simulator.radio.settings),
    }


@operation
async def list_(simulator: Simulator, _: Request) -> dict[str, Any]:
    devices = simulator.household.devices.values()
    return {"devices": [_about(simulator, one) for one in devices]}


@operation
async def get(simulator: Simulator, request: Request) -> dict[str, Any]:
    device = _device(simulator, request)
    units = {name: one.unit for name, one in device.quantities().items()}
    settable = [name for name, one in device.quantities().items() if one.put is not None]
    bindings = [
        {"cluster": one.cluster, "endpoint": one.endpoint, "group": one.group}
        for one in device.bindings
    ]
    reporting = [
        {"endpoint": key[0], "cluster": key[1], "attribute": key[2], "min_s": key[3]}
        | {"max_s": key[4], "change": key[5]}
        for key in device.reporting.dump()
    ]
    groups = sorted({group for one in device.endpoints.values() for group in one.groups})
    more = {"units": units, "settable": settable, "bindings": bindings}
    return _about(simulator, device) | more | {"reporting": reporting, "groups": groups}


@operation
async def set_(simulator: Simulator, request: Request) -> dict[str, Any]:
    device, values = _device(simulator, request), request.get("values")
    if not isinstance(values, dict) or not values:
        raise SimulatorError("The field values is missing.")
    for name, value in values.items():
        device.put(name, value)
    return {"values": device.values()}


@operation
async def press(simulator: Simulator, request: Request) -> dict[str, Any]:
    """The device's own button: a light toggles, a motion sensor sees somebody."""
    device = _device(simulator, request)
    device.press()
    return {"values": device.values()}


@operation
async def settings(simulator: Simulator, request: Request) -> dict[str, Any]:
    replace_fields(simulator.radio.settings, _besides(request))
    return {"settings": msgspec.to_builtins(simulator.radio.settings)}


@operation
async def device(simulator: Simulator, request: Request) -> dict[str, Any]:
    """How one device is reached and behaves: the fields of `node.parts.Link`."""
    one = _device(simulator, request)
    simulator.household.relink(one, _besides(request, "device"))
    return {"link": msgspec.to_builtins(one.link)}


@operation
async def join(simulator: Simulator, request: Request) -> dict[str, Any]:
    """Also when it is on the network already: it was reset, and joins again."""
    simulator.household.association.join(_device(simulator, request))
    return {}


@operation
async def leave(simulator: Simulator, request: Request) -> dict[str, Any]:
    simulator.household.leave(_device(simulator, request), rejoin=False)
    return {}


@operation
async def reset(simulator: Simulator, request: Request) -> dict[str, Any]:
    """A long press: it leaves, and joins again wherever that is permitted."""
    simulator.household.association.reset(_device(simulator, request))
    return {}


@operation
async def rejoin(simulator: Simulator, request: Request) -> dict[str, Any]:
    """Comes back, with a `new_address` if that is true, through another `parent` if named."""
    one, parent = _device(simulator, request), request.get("parent")
    if parent is not None and not isinstance(parent, str):
        raise SimulatorError("The field parent is no device's id.")
    new_address = request.get("new_address") is True
    simulator.household.association.rejoin(one, new_address=new_address, parent=parent)
    return {}


@operation
async def wake(simulator: Simulator, request: Request) -> dict[str, Any]:
    """Somebody presses a sleeping device's button: it fetches its messages, and listens a while."""
    simulator.radio.wake(_device(simulator, request))
    return {}


@operation
async def sleep(simulator: Simulator, request: Request) -> dict[str, Any]:
    """A sleepy device stops listening now, and not only a while after its last message."""
    simulator.household.listen(_device(simulator, request), 0)
    return {}


@operation
async def announce(simulator: Simulator, request: Request) -> dict[str, Any]:
    simulator.household.announce(_device(simulator, request))
    return {}


@operation
async def unplug(simulator: Simulator, _: Request) -> dict[str, Any]:
    await simulator.unplug()
    return {}


@operation
async def plug(simulator: Simulator, _: Request) -> dict[str, Any]:
    await simulator.plug()
    return {"path": simulator.path}


@operation
async def hang(simulator: Simulator, _: Request) -> dict[str, Any]:
    simulator.hang()
    return {}


@operation
async def resume(simulator: Simulator, _: Request) -> dict[str, Any]:
    simulator.resume()
    return {}


@operation
async def crash(simulator: Simulator, request: Request) -> dict[str, Any]:
    """ASH says ERROR with the `reason` (0x51 if none is given)."""
    simulator.crash(_reason(request, 0x51))
    return {}


@operation
async def restart(simulator: Simulator, request: Request) -> dict[str, Any]:
    """The stick resets itself: ASH says RSTACK with the `reason` (0x03, watchdog, if none)."""
    simulator.restart(_reason(request, 0x03))
    return {}


def _reason(request: Request, usual: int) -> int:
    reason = request.get("reason", usual)
    if not isinstance(reason, int) or isinstance(reason, bool) or not 0 <= reason <= 0xFF:
        raise SimulatorError("The field reason is not between 0 and 255.")
    return reason


@operation
async def stick(simulator: Simulator, request: Request) -> dict[str, Any]:
    """What the stick is short of: the fields of `ncp.shortage.StickSettings`."""
    replace_fields(simulator.stick.settings, _besides(request))
    return {"stick": msgspec.to_builtins(simulator.stick.settings)}


class Swap(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`stick`: a name; each has an address of its own (None: the one that is plugged in)."""

    op: str
    stick: str | None = None
    network: StickNetwork = "same"
    ezsp: int | None = None


@operation
async def swap(simulator: Simulator, request: Request) -> dict[str, Any]:
    """Another stick, or this one with another network, is plugged in where this one was."""
    try:
        wanted = msgspec.convert(request, Swap)
    except msgspec.ValidationError as error:
        raise SimulatorError(f"{error}.") from None
    await simulator.swap(wanted.stick or simulator.stick_name, wanted.network, wanted.ezsp)
    return {"path": simulator.path, "eui64": eui64_to_text(simulator.stick.eui64)}


@operation
async def log(simulator: Simulator, _: Request) -> dict[str, Any]:
    """The last messages on the air, oldest first."""
    return {"messages": list(simulator.radio.log)}


@operation
async def watch(simulator: Simulator, request: Request) -> dict[str, Any]:
    """With `air`, what arrives at the devices is told besides."""
    air = request.get("air") is True
    return {"watching": True, "air": air, **await list_(simulator, request)}
