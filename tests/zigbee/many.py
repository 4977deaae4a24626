"""A house of many alike, and a hub that knows it: lights, covers and plugs in rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from pichat.config.types import Zigbee
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub

Thing = tuple[str, str, str, Mapping[str, Any]]
"""Name, room, kind, and the kind's options."""


def many(room: str, what: str, kind: str, count: int, **options: Any) -> list[Thing]:
    """“kitchen light 1” and so on."""
    return [(f"{room.lower()} {what} {n}", room, kind, options) for n in range(1, count + 1)]


def _entry(number: int, thing: Thing) -> dict[str, Any]:
    name, room, kind, options = thing
    ieee = f"00:0d:6f:00:0b:00:{number // 256:02x}:{number % 256:02x}"
    sim_id = name.replace(" ", "-")
    return {
        "id": sim_id, "name": name, "area": room, "kind": kind, "ieee": ieee, "options": options,
    }  # fmt: skip


@asynccontextmanager
async def house_of(
    directory: Path,
    things: Sequence[Thing],
    *,
    pair: bool = False,
    radio_delay_ms: float = 0.0,
    confirm_timeout_s: float = 5.0,
) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    """The hub and its house, ready; both keep their memory in `directory`."""
    entries = [_entry(number, thing) for number, thing in enumerate(things, 1)]
    file, control = directory / "house.yaml", directory / "control"
    file.write_bytes(msgspec.json.encode({"devices": entries}))  # which is YAML too
    names = {one["ieee"]: (one["name"], one["area"]) for one in entries}
    async with (
        SimulatorProcess(
            control=control,
            house=file,
            state=directory / "stick.json",
            radio_delay_ms=radio_delay_ms,
            seed=1,
        ) as process,
        SimulatorClient(control) as sim,
    ):
        config = Zigbee(path=process.path, confirm_timeout_s=confirm_timeout_s)
        async with running_hub(directory, config, names, pair=pair) as running:
            await running.until_status("ok", 60)
            yield running, sim
