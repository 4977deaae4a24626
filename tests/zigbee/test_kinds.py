"""Each kind of device that the default house does not have, against the real radio libraries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pichat.config.types import Zigbee
from pichat.errors import UnsupportedError
from pichat.events import Colour, State
from pichat.simulator.control import SimulatorClient
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from pichat.zigbee.lock_codes import LockCode
from tests.zigbee.running import Running, running_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUSE = Path(__file__).with_name("kinds.yaml")
Started = tuple[Running, SimulatorClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Started]:
    directory = tmp_path_factory.mktemp("kinds")
    names = {one.ieee: (one.name, one.area) for one in load_house(HOUSE).devices}
    async with (
        SimulatorProcess(
            control=directory / "control", house=HOUSE, radio_delay_ms=1.0, seed=1
        ) as process,
        SimulatorClient(directory / "control") as sim,
        running_hub(directory, Zigbee(path=process.path), names, pair=True) as running,
    ):
        await running.until_status("ok", 40)
        yield running, sim


async def told(running: Running, name: str, capability: str, state: State | None) -> None:
    await running.until(lambda: running.device(name).state.get(capability) == state)


async def set_to(running: Running, name: str, capability: str, value: State) -> State:
    return await running.hub.set(running.device(name).id, capability, value)


async def test_what_each_kind_is(started: Started) -> None:
    running, _ = started
    kinds = {device.name: device.kind for device in running.hub.devices()}
    assert kinds == {
        "bedroom fan": "fan",
        "hall siren": "siren",
        "office air": "sensor",
        "study blinds": "cover",
        "hall switch": "switch",
        "hall switch 2": "switch",
        "back door lock": "lock",
        "office climate": "thermostat",
        "shelf light": "light",
        "study lamp": "light",
        "bath leak": "sensor",
        "attic smoke": "sensor",
        "cellar gas": "sensor",
        "washer": "sensor",
        "desk plug": "plug",
        "shed lock": "lock",
    }


async def test_fans_by_mode_by_percent_and_as_on_and_off(started: Started) -> None:
    running, sim = started
    options = running.device("bedroom fan").capability("fan_mode")
    assert options is not None
    assert options.options == ("off", "low", "medium", "high", "auto")
    assert await set_to(running, "bedroom fan", "fan_mode", "High") == "high"
    assert (await sim.values("fan"))["mode"] == "high"
    assert running.device("bedroom fan").state["fan_speed"] == 100
    assert await set_to(running, "bedroom fan", "fan_speed", 50) in (33, 66)
    assert await set_to(running, "bedroom fan", "on_off", False) is False
    assert (await sim.values("fan"))["mode"] == "off"
    assert await set_to(running, "bedroom fan", "on_off", True) is True
    assert (await sim.values("fan"))["mode"] == "auto"
    assert await set_to(running, "bedroom fan", "fan_speed", 0) == 0
    with pytest.raises(UnsupportedError, match="fan mode can be off, low, medium, high or auto"):
        await set_to(running, "bedroom fan", "fan_mode", "hurricane")


async def test_a_siren_sounds_until_its_time_is_over(started: Started) -> None:
    running, sim = started
    siren = running.device("hall siren")
    assert siren.confirm  # it asks first
    assert await set_to(running, "hall siren", "siren", True) is True
    assert (await sim.values("siren"))["sounding"] is True
    await told(running, "hall siren", "siren", False)  # max_duration is a second
    assert await set_to(running, "hall siren", "siren", True) is True
    assert await set_to(running, "hall siren", "siren", False) is False
    assert (await sim.values("siren"))["sounding"] is False
    assert await set_to(running, "hall siren", "squawk", "armed") == "armed"
    assert (await sim.values("siren"))["squawks"] == 1
    assert "squawk" not in running.device("hall siren").state


async def test_what_is_in_the_air(started: Started) -> None:
    running, sim = started
    told_at_first = {"co2": 600, "pm25": 8.0, "pressure": 1013.2, "formaldehyde": 0.02}
    state = running.device("office air").state
    assert {name: state[name] for name in told_at_first} == told_at_first
    for name, value in (("co2", 1234), ("pm25", 35.5), ("pressure", 990.4)):
        await sim.set("air", **{name: value})
        assert await running.hub.read(running.device("office air").id, name) == value


async def test_slats_tilt_and_blinds_stop(started: Started) -> None:
    running, sim = started
    blinds = running.device("study blinds")
    assert await set_to(running, "study blinds", "tilt", 40) == 40
    assert (await sim.values("blinds"))["tilt"] == 40
    before = running.device("study blinds").state["cover_position"]
    assert await set_to(running, "study blinds", "cover_motion", "close") == "close"
    await running.until(lambda: running.device("study blinds").state["cover_position"] != before)
    assert await set_to(running, "study blinds", "cover_motion", "stop") == "stop"
    values = await sim.values("blinds")
    assert values["moving"] is False
    assert 0 < values["position"] < 100
    assert "cover_motion" not in running.device("study blinds").state
    with pytest.raises(UnsupportedError, match="at the moment"):
        await running.hub.read(blinds.id, "cover_motion")


async def test_the_gangs_of_a_switch_are_devices_of_their_own(started: Started) -> None:
    running, sim = started
    first, second = running.device("hall switch"), running.device("hall switch 2")
    assert second.id == f"{first.id}/2"
    assert second.area == "hallway"
    assert await running.hub.set(second.id, "on_off", True) is True
    values = await sim.values("gangs")
    assert (values["on"], values["on_2"]) == (False, True)
    assert running.device("hall switch").state["on_off"] is False
    assert running.device("hall switch 2").state["on_off"] is True
    renamed = await running.hub.rename(second.id, "left switch", "kitchen")
    assert (renamed.name, renamed.area) == ("left switch", "kitchen")
    await sim.set("gangs", on_2=False)
    await told(running, "left switch", "on_off", False)
    await running.hub.rename(second.id, "hall switch 2", "hallway")


async def test_locks_tell_their_slots_and_who_moved_the_bolt(started: Started) -> None:
    running, sim = started
    lock = running.device("back door lock")
    used = await running.parts.lock_codes.read(lock.id)
    assert used.slots == 10
    assert used.codes == (
        LockCode(slot=0, status="enabled", kind="master"),
        LockCode(slot=3, status="enabled", kind="unrestricted"),
        LockCode(slot=4, status="disabled", kind="unrestricted"),
    )
    by_pin = await running.parts.lock_codes.read(running.device("shed lock").id)
    assert by_pin.codes == (LockCode(slot=2, status="enabled", kind="unrestricted"),)
    assert "4711" not in repr((used, by_pin, running.hub.devices()))
    await sim.set("lock", keypad=3)
    await told(running, "back door lock", "last_operation", "unlocked, keypad, code 3")
    await told(running, "back door lock", "lock", False)
    await sim.set("lock", jammed=True)
    await sim.press("lock")
    await told(running, "back door lock", "jammed", True)
    assert "lock" not in running.device("back door lock").state
    with pytest.raises(UnsupportedError, match="no lock with codes"):
        await running.parts.lock_codes.read(running.device("hall siren").id)


async def test_the_set_point_is_that_of_the_mode(started: Started) -> None:
    running, sim = started
    mode = running.device("office climate").capability("thermostat_mode")
    assert mode is not None
    assert mode.options == ("off", "heat", "cool", "auto")
    await set_to(running, "office climate", "thermostat_mode", "cool")
    assert running.device("office climate").state["target_temperature"] == 26
    assert await set_to(running, "office climate", "target_temperature", 18) == 18
    values = await sim.values("climate")
    assert (values["mode"], values["cooling_setpoint"], values["setpoint"]) == ("cool", 18, 20)
    await told(running, "office climate", "running_state", "cooling")
    await set_to(running, "office climate", "thermostat_mode", "heat")
    await told(running, "office climate", "target_temperature", 20)
    await told(running, "office climate", "running_state", "idle")
    assert running.device("office climate").state["cooling_setpoint"] == 18
    assert await set_to(running, "office climate", "heating_setpoint", 22) == 22
    await told(running, "office climate", "running_state", "heating")


async def test_colours_by_xy_alone_and_by_enhanced_hue(started: Started) -> None:
    running, sim = started
    wanted = Colour(hue_deg=200, saturation_percent=70)
    for name in ("shelf light", "study lamp"):
        shown = await set_to(running, name, "colour", wanted)
        assert isinstance(shown, Colour)
        assert abs(shown.hue_deg - 200) <= 2
        assert running.device(name).state["on_off"] is True
    assert running.device("shelf light").capability("colour_temperature") is None
    assert abs((await sim.values("colour"))["hue"] - 200) <= 2


@pytest.mark.parametrize(
    ("device", "name", "value", "capability"),
    [
        ("leak", "bath leak", "wet", "water_leak"),
        ("smoke", "attic smoke", "smoke", "smoke"),
        ("gas", "cellar gas", "gas", "gas"),
        ("shake", "washer", "vibration", "vibration"),
        ("leak", "bath leak", "tamper", "tamper"),
    ],
)
async def test_alarms(
    started: Started, device: str, name: str, value: str, capability: str
) -> None:
    running, sim = started
    for alarm in (True, False):
        await sim.set(device, **{value: alarm})
        await told(running, name, capability, alarm)


async def test_what_a_plug_tells_and_does_after_a_power_cut(started: Started) -> None:
    running, _ = started
    assert {"power", "energy", "voltage", "current"} <= running.device("desk plug").state.keys()
    assert await set_to(running, "desk plug", "power_on_behaviour", "off") == "off"
    assert running.device("desk plug").state["power_on_behaviour"] == "off"


async def test_a_light_fades_and_is_told_when_it_is_there(started: Started) -> None:
    running, sim = started
    lamp = running.device("study lamp")
    await running.hub.set(lamp.id, "brightness", 80)
    begin_s = asyncio.get_running_loop().time()
    assert await running.hub.set(lamp.id, "on_off", False, transition_s=0.6) is False
    assert asyncio.get_running_loop().time() - begin_s >= 0.5
    assert (await sim.values("colour"))["on"] is False
    assert await running.hub.set(lamp.id, "on_off", True) is True
    assert (await sim.values("colour"))["brightness"] == 80
