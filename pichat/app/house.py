"""The house: the radio and, for a house to try, the simulator behind it."""

from __future__ import annotations

from collections.abc import Set
from functools import partial

from msgspec import structs

from pichat.app.parts import Parts
from pichat.events import Device
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from pichat.store.db import Database
from pichat.tools.others import with_others
from pichat.zigbee.house import ZigbeeHouse, build_house
from pichat.zigbee.hub import Hub


def start_house(parts: Parts, database: Database) -> ZigbeeHouse:
    config, simulated = parts.config.zigbee, parts.config.zigbee.path == "simulated"
    names: dict[str, tuple[str, str | None]] = {}
    if simulated:
        devices = load_house(parts.config.simulator.house).devices
        names = {device.ieee: (device.name, device.area) for device in devices}
        simulator = _simulator(parts)
        config = structs.replace(config, path=simulator.path)
        parts.run(
            "simulator", partial(simulator.serve, partial(parts.health.set, "simulator", "ok"))
        )
    house = build_house(
        config,
        parts.state_dir,
        database,
        parts.bus,
        parts.health,
        names,
        pair_at_first_start=simulated,
        settings=parts.config,
    )
    needs: Set[str] = {"simulator"} if simulated else set()
    parts.steps.run("zigbee", parts.after(needs, house.life.run))
    parts.await_ready("zigbee")
    return house


def names_of(hub: Hub) -> tuple[Device, ...]:
    """All that can be named: the devices, groups and scenes."""
    return with_others(hub.devices(), hub.groups(), hub.scenes())


def _simulator(parts: Parts) -> SimulatorProcess:
    config = parts.config.simulator
    return SimulatorProcess(
        control=parts.state_dir / "simulator.sock",
        house=config.house,
        state=parts.state_dir / "simulator.json",
        radio_delay_ms=config.radio_delay_ms,
        loss=config.loss,
        ezsp_version=config.ezsp_version,
    )
