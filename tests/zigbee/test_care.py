"""Looking after the network of the simulated house."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.errors import (
    BadRequestError,
    DeviceSilentError,
    NotFoundError,
    UnsupportedError,
)
from pichat.events import NetworkProgress
from pichat.zigbee.care.asking import Directory
from pichat.zigbee.care.channel import Channel
from pichat.zigbee.care.energy import assess, wifi_channels
from tests.zigbee.simulated import house


async def test_the_network_is_told_and_drawn(known: Path) -> None:
    async with house(known) as (running, sim):
        care = running.parts.care
        network = care.network()
        about = (await sim.status())["network"]
        assert (network.channel, network.pan_id) == (about["channel"], about["pan"])
        assert network.devices == len(await sim.list()) == network.routers + network.end_devices
        assert network.map is None
        assert network.stick.ezsp_version == 13
        assert network.traffic.messages_failed >= 0

        await sim.device("office-plug", deaf=True)
        with running.bus.subscribe(NetworkProgress) as progress:
            drawn = await care.scan_map()
            told = [await progress.get()]
            while not told[-1].done:
                told.append(await progress.get())
        assert [each.percent for each in told] == sorted(each.percent or 0 for each in told)
        nodes = {node.name.casefold(): node for node in drawn.nodes}
        assert len(nodes) == network.devices + 1
        assert nodes["coordinator"].depth == 0
        plug = nodes["office plug"]
        assert plug.error == "The office plug does not answer."
        kitchen = nodes["kitchen light"]
        assert kitchen.error is None
        assert kitchen.area is not None
        assert all(node.parent_id for node in drawn.nodes if node.type != "coordinator")
        both = [each for each in drawn.links if each.lqi_a is not None and each.lqi_b is not None]
        assert {kitchen.id, nodes["coordinator"].id} in [{each.a, each.b} for each in both]
        assert any(route.source == kitchen.id for route in drawn.routes)
        assert care.network().map == drawn

        heard = await care.neighbours("Kitchen light")
        assert "coordinator" in [each.type for each in heard.neighbours]
        with pytest.raises(UnsupportedError, match="hears only its parent"):
            await care.neighbours("front door")
        with pytest.raises(DeviceSilentError, match="office plug does not answer"):
            await care.neighbours("office plug")
        with pytest.raises(NotFoundError):
            await care.neighbours("toaster")


async def test_the_air_is_measured_and_the_channel_changed(known: Path) -> None:
    async with house(known) as (running, sim):
        care = running.parts.care
        current = care.network().channel
        levels = {str(number): -60 for number in range(11, 27)}
        target = 20 if current != 20 else 25
        levels |= {str(target): -95, str(current): -40}
        await sim.request("noise", channels=levels)
        scan = await care.scan_energy()
        assert [each.channel for each in scan.channels] == list(range(11, 27))
        assert (scan.current, scan.recommended) == (current, target)
        assert all(0 <= each.percent <= 100 for each in scan.channels)

        with pytest.raises(BadRequestError, match="already"):
            care.plan_channel(current)
        with pytest.raises(BadRequestError, match="11 to 26"):
            care.plan_channel(27)
        plan = care.plan_channel(target)
        assert "backup" in " ".join(plan.meaning)
        assert "front door" in " ".join(plan.meaning)

        async def back_up() -> None:
            backups.append(care.network().channel)

        backups: list[int] = []
        parts = running.parts
        await sim.device("office-plug", deaf=True)
        moving = Channel(Directory(parts.roster), parts.link, running.bus, back_up, broadcasts=1)
        moved = await moving.change(target)
        assert backups == [current]
        assert (moved.previous, moved.channel) == (current, target)
        assert moved.silent == ("office plug",)
        assert moved.asleep == ("bathroom sensor", "front door", "hallway motion")
        assert care.network().channel == target == (await sim.status())["network"]["channel"]
        light = running.device("kitchen light")
        assert await running.hub.set(light.id, "on_off", True) is True


def test_channels_between_the_usual_wifi_are_preferred() -> None:
    assert wifi_channels(11)[0] == 1
    assert {1, 6, 11}.isdisjoint(wifi_channels(15) + wifi_channels(20) + wifi_channels(25))
    assert 6 in wifi_channels(17)
    quiet = dict.fromkeys(range(11, 27), 10.0)
    assert assess(quiet, 15).recommended == 15
    assert assess({**quiet, 15: 90.0}, 15).recommended == 20
    # A little quieter is not worth moving a house for.
    assert assess({**quiet, 15: 20.0}, 15).recommended == 15
    assert assess({**quiet, 26: 0.0, 15: 90.0}, 15).recommended == 20
