"""Converters against zigpy's own definitions, and their arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from zigpy.zcl import Cluster as ZigpyCluster

import pichat.zigbee.kinds  # noqa: F401 -- registers the converters
from pichat.errors import UnsupportedError
from pichat.events import Capability, Colour, State
from pichat.zigbee.converter import REGISTRY, Converter, check_value, converter
from pichat.zigbee.kinds.colour import colour_of, xy_of
from pichat.zigbee.kinds.lock import operation
from pichat.zigbee.sort import kind_of

CONVERTERS = [
    pytest.param(found, id=f"{name}-{key:#06x}") for (name, key), found in REGISTRY.items()
]


class Known:
    """A cluster whose attributes are given, and that notes what it is sent."""

    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.others: dict[int, Known] = {}

    def get(self, attribute: str) -> Any:
        return self.attributes.get(attribute)

    def supported(self, attribute: str) -> bool:
        return attribute in self.attributes

    async def command(self, command: str, **arguments: Any) -> None:
        self.sent.append((command, arguments))

    async def write(self, attributes: Mapping[str, Any]) -> None:
        self.sent.append(("write", dict(attributes)))

    async def read(self, attributes: object) -> None:
        raise AssertionError(attributes)

    def beside(self, cluster_id: int) -> Known | None:
        return self.others.get(cluster_id)


def found(name: str, cluster_id: int) -> Converter:
    return REGISTRY[name, cluster_id]


@pytest.mark.parametrize("one", CONVERTERS)
def test_names_are_those_of_the_cluster_library(one: Converter) -> None:
    cluster = ZigpyCluster._registry[one.cluster_id]
    named = [report.attribute for report in one.reports] + list(one.described_by)
    for attribute in named:
        assert cluster.find_attribute(attribute).name == attribute


def test_every_capability_has_a_converter() -> None:
    assert {name for name, _ in REGISTRY} == {
        "on_off", "brightness", "colour", "colour_temperature", "cover_position", "lock",
        "target_temperature", "temperature", "humidity", "contact", "occupancy", "power",
        "energy", "voltage", "battery", "illuminance", "tilt", "cover_motion", "siren", "squawk",
        "fan_mode", "fan_speed", "thermostat_mode", "running_state", "heating_setpoint",
        "cooling_setpoint", "water_leak", "smoke", "gas", "vibration", "tamper", "battery_low",
        "pressure", "co2", "carbon_monoxide", "pm25", "formaldehyde", "current", "jammed",
        "last_operation", "power_on_behaviour",
    }  # fmt: skip


def test_a_second_converter_for_the_same_is_refused() -> None:
    kind = type(found("on_off", 0x0006))
    with pytest.raises(TypeError, match="registered twice"):
        converter(kind)


@pytest.mark.parametrize(
    ("name", "cluster_id", "attributes", "state"),
    [
        ("on_off", 0x0006, {"on_off": 1}, True),
        ("brightness", 0x0008, {"current_level": 127}, 50),
        ("brightness", 0x0008, {"current_level": 255}, 100),
        ("cover_position", 0x0102, {"current_position_lift_percentage": 30}, 70),
        ("cover_position", 0x0102, {"current_position_lift_percentage": 0xFF}, None),
        ("lock", 0x0101, {"lock_state": 1}, True),
        ("lock", 0x0101, {"lock_state": 2}, False),
        ("lock", 0x0101, {"lock_state": 0}, None),
        ("temperature", 0x0402, {"measured_value": -525}, -5.25),
        ("temperature", 0x0402, {"measured_value": -0x8000}, None),
        ("temperature", 0x0201, {"local_temperature": 2010}, 20.1),
        ("target_temperature", 0x0201, {"occupied_heating_setpoint": 2150}, 21.5),
        ("humidity", 0x0405, {"measured_value": 5833}, 58.33),
        ("humidity", 0x0405, {"measured_value": 0xFFFF}, None),
        ("illuminance", 0x0400, {"measured_value": 20001}, 100.0),
        ("illuminance", 0x0400, {"measured_value": 0}, 0.0),
        ("battery", 0x0001, {"battery_percentage_remaining": 175}, 87.5),
        ("battery", 0x0001, {"battery_percentage_remaining": 0xFF}, None),
        ("contact", 0x0500, {"zone_status": 0x0021}, True),
        ("contact", 0x0500, {"zone_status": 0x0020}, False),
        ("occupancy", 0x0406, {"occupancy": 1}, True),
        ("occupancy", 0x0500, {"zone_status": 2}, True),
        ("power", 0x0B04, {"active_power": 421, "ac_power_divisor": 10}, 42.1),
        ("power", 0x0702, {"instantaneous_demand": 42, "divisor": 1000}, 42.0),
        ("energy", 0x0702, {"current_summ_delivered": 12500, "divisor": 1000}, 12.5),
        ("voltage", 0x0B04, {"rms_voltage": 2301, "ac_voltage_divisor": 10}, 230.1),
        ("colour_temperature", 0x0300, {"color_temperature": 370}, 2703),
        ("colour_temperature", 0x0300, {"color_temperature": 370, "color_mode": 0}, None),
        ("tilt", 0x0102, {"current_position_tilt_percentage": 25}, 75),
        ("jammed", 0x0101, {"lock_state": 0}, True),
        ("fan_mode", 0x0202, {"fan_mode": 3}, "high"),
        ("fan_speed", 0x0202, {"fan_mode": 2}, 66),
        ("fan_speed", 0x0202, {"fan_mode": 5}, None),
        ("on_off", 0x0202, {"fan_mode": 5}, True),
        ("thermostat_mode", 0x0201, {"system_mode": 3}, "cool"),
        ("running_state", 0x0201, {"running_state": 8}, "heating"),
        ("running_state", 0x0201, {"running_mode": 3}, "cooling"),
        ("running_state", 0x0201, {"pi_heating_demand": 0}, "idle"),
        ("water_leak", 0x0500, {"zone_status": 1}, True),
        ("tamper", 0x0500, {"zone_status": 4}, True),
        ("battery_low", 0x0500, {"zone_status": 5}, False),
        ("pressure", 0x0403, {"measured_value": 998}, 998.0),
        ("pressure", 0x0403, {"measured_value": 998, "scaled_value": 9983, "scale": -1}, 998.3),
        ("co2", 0x040D, {"measured_value": 0.000842}, 842.0),
        ("co2", 0x040D, {"measured_value": float("nan")}, None),
        ("pm25", 0x042A, {"measured_value": 12.34}, 12.3),
        ("current", 0x0B04, {"rms_current": 421, "ac_current_divisor": 1000}, 0.421),
        ("power_on_behaviour", 0x0006, {"start_up_on_off": 0xFF}, "previous"),
        ("colour", 0x0300, {"current_hue": 0, "current_saturation": 254, "color_mode": 2}, None),
        (
            "colour",
            0x0300,
            {"current_hue": 127, "current_saturation": 254, "color_mode": 0},
            Colour(hue_deg=180.0, saturation_percent=100.0),
        ),
    ],
)  # fmt: skip
def test_decode(
    name: str, cluster_id: int, attributes: dict[str, Any], state: State | None
) -> None:
    assert found(name, cluster_id).decode(Known(**attributes)) == state
    assert found(name, cluster_id).decode(Known()) is None


@pytest.mark.parametrize("hue_deg", range(0, 360, 30))
def test_colour_survives_the_way_through_xy(hue_deg: int) -> None:
    wanted = Colour(hue_deg=float(hue_deg), saturation_percent=80.0)
    assert found("colour", 0x0300).matches(wanted, colour_of(*xy_of(wanted)))


def test_colours_match_around_the_circle_only_when_near() -> None:
    one = found("colour", 0x0300)
    red = Colour(hue_deg=358, saturation_percent=100)
    assert one.matches(red, Colour(hue_deg=2, saturation_percent=98))
    assert not one.matches(red, Colour(hue_deg=20, saturation_percent=98))
    assert not one.matches(red, Colour(hue_deg=358, saturation_percent=50))


async def test_a_light_without_hue_is_set_by_xy() -> None:
    light = Known(color_capabilities=0x08)
    await found("colour", 0x0300).command(light, Colour(hue_deg=0, saturation_percent=100))
    [(command, arguments)] = light.sent
    assert command == "move_to_color"
    assert arguments["color_x"] / 65536 == pytest.approx(0.64, abs=0.01)  # sRGB's red


async def test_a_transition_is_told_in_tenths_of_a_second() -> None:
    light = Known()
    await found("brightness", 0x0008).command(light, 50, 2.5)
    await found("colour_temperature", 0x0300).command(light, 2700, 1)
    await found("colour", 0x0300).command(light, Colour(hue_deg=0, saturation_percent=9), 9999)
    assert [arguments["transition_time"] for _, arguments in light.sent] == [25, 10, 0xFFFE]


async def test_switching_fades_by_the_level() -> None:
    light, level = Known(), Known(current_level=100)
    light.others[0x0008] = level
    switch = found("on_off", 0x0006)
    await switch.command(light, False, 2)
    await switch.command(light, True, 3)
    assert [(a["level"], a["transition_time"]) for _, a in level.sent] == [(0, 20), (100, 30)]
    restore = switch.afterwards(light, False)
    assert restore is not None
    level.attributes["current_level"] = 1
    await restore()
    assert level.sent[-1] == (
        "move_to_level",
        {"level": 100, "transition_time": 0, "options_mask": 1, "options_override": 1},
    )
    await switch.command(light, False)
    assert light.sent == [("off", {})]


async def test_percent_open_becomes_percent_closed() -> None:
    blinds = Known()
    await found("cover_position", 0x0102).command(blinds, 70)
    assert blinds.sent == [("go_to_lift_percentage", {"percentage_lift_value": 30})]


async def test_sirens_are_told_how_loud_and_for_how_long() -> None:
    siren = Known(max_duration=60)
    kind = found("siren", 0x0502)
    await kind.command(siren, True)
    await kind.command(siren, False)
    loud, still = (arguments for _, arguments in siren.sent)
    assert (loud["warning"], loud["warning_duration"]) == (0x17, 60)
    assert (still["warning"], still["warning_duration"]) == (0, 0)
    assert (kind.lasts_s(siren, True), kind.lasts_s(siren, False)) == (60.0, None)
    assert kind.lasts_s(Known(max_duration=900), True) == 180.0  # however long it could


@pytest.mark.parametrize(
    ("sequence", "mode", "attribute"),
    [
        (2, 4, "occupied_heating_setpoint"),
        (0, 3, "occupied_cooling_setpoint"),
        (4, 3, "occupied_cooling_setpoint"),
        (4, 4, "occupied_heating_setpoint"),
        (4, 1, "occupied_heating_setpoint"),
    ],
)
async def test_the_set_point_that_counts(sequence: int, mode: int, attribute: str) -> None:
    climate = Known(
        ctrl_sequence_of_oper=sequence,
        system_mode=mode,
        occupied_heating_setpoint=2000,
        occupied_cooling_setpoint=2600,
    )
    await found("target_temperature", 0x0201).command(climate, 22.5)
    assert climate.sent == [("write", {attribute: 2250})]


def test_words_are_taken_in_any_case_and_only_those() -> None:
    modes = Capability(name="thermostat_mode", writable=True, options=("off", "heat"))
    assert check_value(modes, "Heat ", "radiator") == "heat"
    with pytest.raises(UnsupportedError, match=r"thermostat mode can be off or heat\."):
        check_value(modes, "cool", "radiator")


@pytest.mark.parametrize(
    ("source", "event", "user", "told"),
    [
        (0, 2, 3, "unlocked, keypad, code 3"),
        (2, 13, 0xFFFF, "locked, hand"),
        (1, 1, 0, "locked, radio"),
        (2, 10, 0, "locked, by itself"),
        (2, 9, 0, "unlocked, key"),
        (0, 5, 7, "not unlocked, wrong code, keypad, code 7"),
    ],
)
def test_who_moved_the_bolt(source: int, event: int, user: int, told: str) -> None:
    assert operation(source, event, user) == told


def test_values_are_checked_against_the_limits() -> None:
    wanted = Capability(
        name="colour_temperature", writable=True, unit="K", minimum=2200, maximum=6500
    )
    assert check_value(wanted, 2700, "kitchen light") == 2700
    with pytest.raises(UnsupportedError, match=r"goes from 2200 to 6500 K\."):
        check_value(wanted, 9000, "kitchen light")
    with pytest.raises(UnsupportedError, match="by a number"):
        check_value(wanted, True, "kitchen light")
    with pytest.raises(UnsupportedError, match="not set"):
        check_value(Capability(name="power"), 3, "office plug")


@pytest.mark.parametrize(
    ("capabilities", "device_type", "kind"),
    [
        ({"on_off"}, 0x0100, "light"),
        ({"on_off", "brightness"}, 0x0101, "light"),
        ({"on_off"}, 0x0051, "plug"),
        ({"on_off", "power"}, 0x0002, "plug"),
        ({"on_off"}, 0x0002, "switch"),
        ({"temperature", "battery"}, 0x0302, "sensor"),
        ({"temperature", "target_temperature"}, 0x0301, "thermostat"),
        ({"lock", "battery"}, 0x000A, "lock"),
        ({"cover_position"}, 0x0202, "cover"),
        ({"on_off"}, None, "switch"),
        ({"fan_mode", "on_off"}, 0x0300, "fan"),
        ({"siren", "squawk"}, 0x0403, "siren"),
        ({"cover_motion"}, 0x0202, "cover"),
    ],
)
def test_what_sort_of_thing_it_is(
    capabilities: set[str], device_type: int | None, kind: str
) -> None:
    assert kind_of(capabilities, {device_type}) == kind
