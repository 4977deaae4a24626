"""What is plugged in that could be a Zigbee stick, and whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from itertools import product
from pathlib import Path

import msgspec

from pichat.config.types import FlowControl, Radio
from pichat.errors import UnavailableError
from pichat.zigbee.stick.libraries import LIBRARIES, load_application
from pichat.zigbee.stick.ports import Ports, SerialPort, in_use
from pichat.zigbee.stick.sticks import identify, label, likelihood

_BAUD_RATES = {"ezsp": (115200, 460800, 57600), "znp": (115200,), "deconz": (115200, 38400)}
_PROBE_S = 4.0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is the best name to configure. Without `radio` it is not known to be a Zigbee stick;
    `answer` is what it said when it was asked, None when it did not or was not."""

    name: str
    path: str
    device: str
    radio: Radio | None = None
    baud_rate: int | None = None
    flow_control: FlowControl | None = None
    used_by: tuple[str, ...] = ()
    asked: bool = False
    answer: str | None = None


def survey(ports: Ports) -> tuple[Found, ...]:
    """Sticks that are known, then what could be one."""
    possible = [port for port in ports.all() if likelihood(port) != "no"]
    return tuple(_found(p) for p in sorted(possible, key=lambda port: identify(port) is None))


def _found(port: SerialPort) -> Found:
    stick = identify(port)
    return Found(
        name=label(port),
        path=port.path,
        device=port.device,
        radio=stick.radio if stick else None,
        baud_rate=stick.baud_rate if stick else None,
        flow_control=stick.flow_control if stick else None,
        used_by=tuple(_programs(in_use(port.device))),
    )


def _programs(processes: Iterable[int]) -> Iterable[str]:
    for process in processes:
        with suppress(OSError):
            yield Path(f"/proc/{process}/comm").read_text("utf-8", "replace").strip()


async def probe(found: Found) -> Found:
    """The same, with what the stick answers, spoken to in the ways that come into question. One
    that is in use is left alone."""
    if found.used_by:
        return found
    known = [(found.radio, found.baud_rate)] if found.radio and found.baud_rate else None
    for radio, baud_rate in known or _ways():
        answer = await _ask(found.path, radio, baud_rate, found.flow_control)
        if answer is not None:
            flow = found.flow_control or ("software" if radio == "ezsp" else "none")
            return msgspec.structs.replace(
                found,
                radio=radio,
                baud_rate=baud_rate,
                flow_control=flow,
                asked=True,
                answer=answer,
            )
    return msgspec.structs.replace(found, asked=True)


def _ways() -> Iterable[tuple[Radio, int]]:
    for radio in LIBRARIES:
        yield from product((radio,), _BAUD_RATES[radio])


async def _ask(path: str, radio: Radio, baud_rate: int, flow: FlowControl | None) -> str | None:
    """The firmware's version; None without an answer. A library that is not installed asks
    nothing."""
    library = LIBRARIES[radio]
    try:
        make = load_application(library)
    except UnavailableError:
        return None
    device = {
        "path": path,
        "baudrate": baud_rate,
        "flow_control": None if flow == "none" else flow,
    }
    app = make({"device": device, **({"use_thread": False} if radio == "ezsp" else {})})
    try:
        async with asyncio.timeout(_PROBE_S):
            await app.connect()
            return await library.version(app)
    except Exception:  # noqa: BLE001 - anything can be behind a port, and fail in any way
        return None
    finally:
        with suppress(Exception):
            await app.disconnect()  # type: ignore[no-untyped-call]
