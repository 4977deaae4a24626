"""The default house as bellows and zigpy see it: joining, interview, commands, reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import zigpy.exceptions
import zigpy.zdo.types as zdo
from zigpy.zcl.clusters.security import IasZone
from zigpy.zcl.foundation import GeneralCommand, ReadReportingConfigRecord, Status

from pichat.simulator.control import SimulatorClient
from tests.simulator.host import Host, becomes, happening, host, report, simulator

KITCHEN, LAMP, HALLWAY, PLUG, SENSOR, MOTION, DOOR, LOCK, BLINDS, THERMOSTAT = (
    1,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sim")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(directory: Path) -> AsyncIterator[tuple[Host, SimulatorClient]]:
    async with simulator(directory) as (process, client), host(process.path) as app:
        await client.settings(join_spacing_ms=0)
        await app.join()
        yield app, client


async def test_every_device_is_interviewed(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    models = {one.model for one in app.app.devices.values()}
    assert {"SIM-LIGHT-1", "SIM-LIGHT-3", "SIM-LIGHT-4", "SIM-PLUG-1", "SIM-LOCK-1"} <= models
    lamp = app.device(LAMP)
    assert lamp.manufacturer == "PiChat Simulated"
    assert lamp.node_desc.is_router and lamp.node_desc.is_mains_powered
    sensor = app.device(SENSOR)
    assert sensor.node_desc.is_end_device and not sensor.node_desc.is_receiver_on_when_idle
    source, _ = await app.cluster(SENSOR, "basic").read_attributes(["power_source"])
    assert source["power_source"] == 3
    assert all(one["joined"] for one in await client.list())


async def test_on_is_done_then_reported(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    light = app.cluster(KITCHEN, "on_off")
    reports = await report(light, "on_off")
    await light.on()
    assert (await client.values("kitchen-light"))["on"] is True
    await reports.until("on_off", True)
    await light.toggle()
    await reports.until("on_off", False)


async def test_brightness_and_colour(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    level, colour = app.cluster(LAMP, "level"), app.cluster(LAMP, "light_color")
    reports = await report(level, "current_level")
    await level.move_to_level_with_on_off(level=127, transition_time=3)
    await reports.until("current_level", 127)
    values = await client.values("living-room-lamp")
    assert values["on"] is True and values["brightness"] == 50
    await colour.move_to_hue_and_saturation(hue=85, saturation=254, transition_time=0)
    values = await client.values("living-room-lamp")
    assert values["color_mode"] == "hue" and values["hue"] == 120 and values["y"] > 0.55
    await colour.move_to_color(color_x=45914, color_y=19615, transition_time=0)
    assert (await client.values("living-room-lamp"))["hue"] in (0, 359, 360)
    await colour.move_to_color_temp(color_temp_mireds=250, transition_time=0)
    assert (await client.values("living-room-lamp"))["color_temperature"] == 4000


async def test_colour_is_ignored_while_off_unless_asked(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    colour = app.cluster(LAMP, "light_color")
    await app.cluster(LAMP, "on_off").off()
    before = (await client.values("living-room-lamp"))["color_temperature"]
    await colour.move_to_color_temp(color_temp_mireds=400, transition_time=0)
    assert (await client.values("living-room-lamp"))["color_temperature"] == before
    await colour.move_to_color_temp(
        color_temp_mireds=400, transition_time=0, options_mask=1, options_override=1
    )
    assert (await client.values("living-room-lamp"))["color_temperature"] == 2500


async def test_level_to_zero_turns_off_and_keeps_the_level(
    both: tuple[Host, SimulatorClient],
) -> None:
    app, client = both
    level = app.cluster(KITCHEN, "level")
    await level.move_to_level_with_on_off(level=200, transition_time=0)
    await level.move_to_level_with_on_off(level=0, transition_time=0)
    values = await client.values("kitchen-light")
    assert values["on"] is False and values["brightness"] == 79
    await level.move_to_level(level=20, transition_time=0)
    assert (await client.values("kitchen-light"))["brightness"] == 79


async def test_plug_measures(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    power = await report(app.cluster(PLUG, "electrical_measurement"), "active_power")
    await app.cluster(PLUG, "on_off").on()
    await power.until("active_power", 420)
    await client.set("office-plug", power=100)
    await power.until("active_power", 1000)
    metering = app.cluster(PLUG, "smartenergy_metering")
    read, _ = await metering.read_attributes(["current_summ_delivered", "divisor"])
    assert read["current_summ_delivered"] / read["divisor"] == 12.5


async def test_sensor_reports_when_it_moves(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    reports = await report(app.cluster(SENSOR, "temperature"), "measured_value", change=20)
    await client.set("bathroom-sensor", temperature=22.6)
    await client.set("bathroom-sensor", temperature=24)
    await reports.until("measured_value", 2400)
    assert ("measured_value", 2260) not in reports.values, "less than the reportable change"


async def test_motion_ends_by_itself(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    sensing = app.cluster(MOTION, "occupancy")
    reports = await report(sensing, "occupancy")
    await sensing.write_attributes({"pir_o_to_u_delay": 1})
    await client.press("hallway-motion")
    await reports.until("occupancy", 1)
    await reports.until("occupancy", 0)


async def test_door_enrols_and_notifies(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    zone = app.cluster(DOOR, "ias_zone")
    notices: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()

    class Listener:
        def cluster_command(self, _: int, command: int, args: Any) -> None:
            notices.put_nowait((command, args))

    zone.add_listener(Listener())
    await zone.write_attributes({"cie_addr": app.app.state.node_info.ieee})
    async with asyncio.timeout(5):
        command, _ = await notices.get()
        assert command == IasZone.ClientCommandDefs.enroll.id
        await zone.enroll_response(enroll_response_code=0, zone_id=7)
        await client.set("front-door", open=True)
        command, args = await notices.get()
    assert command == IasZone.ClientCommandDefs.status_change_notification.id
    assert args.zone_status == 1 and args.zone_id == 7
    read, _ = await zone.read_attributes(["zone_state", "zone_status"])
    assert read == {"zone_state": 1, "zone_status": 1}


async def test_lock_turns_and_may_jam(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    lock = app.cluster(LOCK, "door_lock")
    reports = await report(lock, "lock_state")
    answer = await lock.unlock_door()
    assert answer.status == Status.SUCCESS
    await reports.until("lock_state", 2)
    await client.set("front-door-lock", jammed=True)
    await lock.lock_door()
    await reports.until("lock_state", 0)
    await client.set("front-door-lock", jammed=False, locked=True)
    await reports.until("lock_state", 1)


async def test_blinds_take_their_time_and_stop(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    cover = app.cluster(BLINDS, "window_covering")
    reports = await report(cover, "current_position_lift_percentage")
    await cover.go_to_lift_percentage(percentage_lift_value=6)
    assert (await client.values("living-room-blinds"))["moving"] is True
    await reports.until("current_position_lift_percentage", 6)
    assert any(0 < value < 6 for _, value in reports.values)
    await cover.down_close()
    await cover.stop()
    assert (await client.values("living-room-blinds"))["moving"] is False


async def test_thermostat_heats_and_refuses(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    thermostat = app.cluster(THERMOSTAT, "thermostat")
    reports = await report(thermostat, "occupied_heating_setpoint")
    await thermostat.write_attributes({"occupied_heating_setpoint": 2250})
    await reports.until("occupied_heating_setpoint", 2250)
    values = await client.values("bedroom-thermostat")
    assert values["setpoint"] == 22.5 and values["heating"] is True
    refused = await thermostat.write_attributes({"occupied_heating_setpoint": 9000})
    assert refused[0][0].status == Status.INVALID_VALUE
    await thermostat.write_attributes({"system_mode": 0})
    values = await client.values("bedroom-thermostat")
    assert values["mode"] == "off" and values["heating"] is False


async def test_groups_and_scenes(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    group = app.app.groups.add_group(0x10, "lights")
    for number in (KITCHEN, HALLWAY):
        await app.device(number).endpoints[1].add_to_group(0x10, "lights")
    await group.endpoint.on_off.on()
    await becomes(client, "kitchen-light", on=True)
    await becomes(client, "hallway-light", on=True)
    assert (await client.values("bedroom-light"))["on"] is False
    scenes = app.cluster(KITCHEN, "scenes")
    assert (await scenes.store(group_id=0x10, scene_id=3)).status == Status.SUCCESS
    await app.cluster(KITCHEN, "on_off").off()
    await scenes.recall(group_id=0x10, scene_id=3)
    assert (await client.values("kitchen-light"))["on"] is True
    members = await app.cluster(KITCHEN, "groups").get_membership(groups=[])
    assert members.groups == [0x10]
    await app.device(KITCHEN).endpoints[1].remove_from_group(0x10)
    assert (await client.get("kitchen-light"))["groups"] == []


async def test_general_commands(both: tuple[Host, SimulatorClient]) -> None:
    app, _ = both
    light = app.cluster(HALLWAY, "on_off")
    _, failed = await app.cluster(HALLWAY, "basic").read_attributes(["alarm_mask"])
    assert failed == {"alarm_mask": Status.UNSUPPORTED_ATTRIBUTE}
    await light.configure_reporting("on_off", 5, 300, 1)
    record = ReadReportingConfigRecord(direction=0, attrid=0)
    answer = await light.general_command(
        GeneralCommand.Read_Reporting_Configuration, attribute_records=[record]
    )
    (config,) = answer.attribute_configs
    assert (config.config.min_interval, config.config.max_interval) == (5, 300)
    found = await light.general_command(
        GeneralCommand.Discover_Attributes, start_attribute_id=0, max_attribute_ids=2
    )
    assert [one.attrid for one in found.attribute_info] == [0x0000, 0x4000]
    assert found.discovery_complete == 0
    refused = await light.write_attributes({"on_off": True})
    assert refused[0][0].status == Status.READ_ONLY
    loop = app.cluster(LAMP, "light_color").color_loop_set
    answer = await loop(update_flags=1, action=1, direction=0, time=1, start_hue=0)
    assert answer.status == Status.UNSUP_CLUSTER_COMMAND


async def test_zdo_tables(both: tuple[Host, SimulatorClient]) -> None:
    app, _ = both
    lamp = app.device(LAMP)
    status, neighbours = await lamp.zdo.Mgmt_Lqi_req(0)
    assert status == zdo.Status.SUCCESS and neighbours.Entries == 6
    status, routes = await lamp.zdo.Mgmt_Rtg_req(0)
    assert status == zdo.Status.SUCCESS and routes.RoutingTableList[0].NextHop == 0
    cluster = app.cluster(LAMP, "on_off")
    await cluster.bind()
    await cluster.unbind()
    status = (await cluster.unbind())[0]
    assert status == zdo.Status.NO_ENTRY
    status, _, _ = await lamp.zdo.Simple_Desc_req(lamp.nwk, 9)
    assert status == zdo.Status.NOT_ACTIVE


async def test_minimum_interval_holds_reports_back(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    reports = await report(app.cluster(SENSOR, "humidity"), "measured_value", least_s=1)
    for percent in (40, 41, 42, 43):
        await client.set("bathroom-sensor", humidity=percent)
    await reports.until("measured_value", 4300)
    assert [value for _, value in reports.values] == [4000, 4300]


async def test_deaf_mute_and_slow(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    light = app.cluster(HALLWAY, "on_off")
    await client.settings(failure_ms=50)
    await client.device("hallway-light", deaf=True)
    with pytest.raises(zigpy.exceptions.DeliveryError):
        await light.on()
    await client.device("hallway-light", deaf=False, mute=True)
    with pytest.raises(TimeoutError):
        await light.toggle(timeout=0.2)
    await client.device("hallway-light", mute=False, slow_ms=150)
    began = asyncio.get_running_loop().time()
    await light.off()
    assert asyncio.get_running_loop().time() - began >= 0.15
    await client.device("hallway-light", slow_ms=0)


async def test_a_sleeper_answers_when_it_polls(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    await client.settings(join_spacing_ms=0, awake_joined_ms=0, awake_ms=0)
    async with happening(client, event="joined", device="front-door"):
        await client.request("join", device="front-door")
    await app.until(lambda: app.device(DOOR).is_initialized)
    await client.device("front-door", poll_s=0.4)
    basic = app.cluster(DOOR, "basic")
    times_s = [await _timed(basic.read_attributes(["model"])) for _ in range(4)]
    assert 0.1 < max(times_s) < 0.6
    await client.device("front-door", poll_s=0)


async def _timed(work: Coroutine[Any, Any, object]) -> float:
    began = asyncio.get_running_loop().time()
    await work
    return asyncio.get_running_loop().time() - began


async def test_leaving_is_for_good_until_permitted(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    ieee = app.device(HALLWAY).ieee
    async with happening(client, event="left", device="hallway-light"):
        await app.app.remove(ieee)
    await app.until(lambda: str(ieee) not in app.initialized)
    assert not (await client.get("hallway-light"))["joined"]
    await app.join()
    assert (await client.get("hallway-light"))["joined"]
