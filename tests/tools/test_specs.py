"""Tools as a model sees them, what it may get wrong, and what it is told."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from msgspec import structs

from pichat.errors import BadRequestError, NotFoundError, PiChatError
from pichat.events import DeviceOutcome, Question, ToolCall, ToolResult
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.capabilities import READABLE, SETTABLE
from pichat.tools.specs import as_call, failure_text, house_text, result_text, tool_specs
from pichat.zigbee import kinds  # noqa: F401 (registers the converters)
from pichat.zigbee.converter import REGISTRY as CONVERTERS
from scripts.benches import llm_prompt
from tests.intents.house import HOUSE
from tests.support.big_house import big_house
from tests.support.fake_house import FakeHouse

TOOLS = load_tools()


def test_the_schemas_are_flat_small_and_the_same_each_time() -> None:
    specs = tool_specs(TOOLS)
    assert [spec.name for spec in specs] == sorted(TOOLS)
    assert specs == tool_specs(dict(reversed(TOOLS.items())))
    for spec in specs:
        jsonschema.Draft202012Validator.check_schema(spec.parameters)
        assert "$" not in json.dumps(spec.parameters)
        assert all(
            each.keys() <= {"type", "items", "enum"}
            for each in spec.parameters["properties"].values()
        )
    by_name = {spec.name: spec.parameters for spec in specs}
    assert by_name["set_device_state"] == {
        "type": "object",
        "properties": {
            "devices": {"type": "array", "items": {"type": "string"}},
            "capability": {"type": "string", "enum": list(SETTABLE)},
            "value": {"type": ["boolean", "number", "string"]},
            "transition_s": {"type": "number"},
        },
        "required": ["devices", "capability", "value"],
    }
    assert by_name["get_time"] == {"type": "object", "properties": {}}


def test_only_what_is_allowed() -> None:
    names = [spec.name for spec in tool_specs(TOOLS, ("get_*", "find_devices"))]
    assert names == [
        "find_devices", "get_date", "get_device_state", "get_house_state", "get_time",
    ]  # fmt: skip
    assert tool_specs(TOOLS, ()) == ()


def test_the_capabilities_are_those_that_devices_have() -> None:
    assert {*SETTABLE, *READABLE} <= {name for name, _ in CONVERTERS}


def test_the_prompt_stays_within_its_budget() -> None:
    for figure in llm_prompt.run():
        assert figure.ok, figure


def test_the_house_in_words() -> None:
    assert house_text(()) == "The house has no devices yet."
    lines = house_text(HOUSE).splitlines()
    assert lines[0] == "Devices by room:"
    assert lines[2] == (
        "Bedroom: Bedroom light (light: on_off, brightness, colour_temperature);"
        " Bedroom thermostat (thermostat: target_temperature, temperature)"
    )
    changed = [structs.replace(d, state={}, available=False) for d in reversed(HOUSE)]
    assert house_text(changed) == house_text(HOUSE)
    big = house_text(big_house())
    assert "Kitchen on the attic: 1 cover, 2 lights, 1 plug, 1 sensor" in big.splitlines()
    assert len(big.splitlines()) == 21
    many = [structs.replace(d, area=f"Room {n}") for n, d in enumerate(big_house())]
    assert house_text(many).splitlines()[-1] == "and 40 more rooms (list_rooms)"


def devices_of(call: ToolCall) -> Any:
    return call.arguments["target"].get("devices")


@pytest.mark.parametrize(
    ("phrase", "capability", "names"),
    [
        ("Kitchen light", "on_off", ["Kitchen light"]),
        ("the KITCHEN_LIGHT", "on_off", ["Kitchen light"]),
        ("kitchen lights", "on_off", ["Kitchen light"]),
        ("lights in the living room", "on_off", ["Living room lamp"]),
        ("living room", "on_off", ["Living room lamp"]),
        ("all lights", "on_off",
         ["Kitchen light", "Bedroom light", "Living room lamp", "Hallway light"]),
        ("everything", "on_off",
         ["Kitchen light", "Bedroom light", "Living room lamp", "Hallway light", "Office plug"]),
        ("the front door", "lock", ["Front door lock"]),
        ("front door", "contact", ["Front door"]),
        ("thermostat", "target_temperature", ["Bedroom thermostat"]),
        ("bedroom", "temperature", ["Bedroom thermostat"]),
        ("blinds", "cover_position", ["Living room blinds"]),
        ("living room shutters", "cover_position", ["Living room blinds"]),
        ("00:12:4b:00:00:00:00:05", "on_off", ["Office plug"]),
    ],
)  # fmt: skip
def test_devices_as_a_model_calls_them(phrase: str, capability: str, names: list[str]) -> None:
    arguments = json.dumps({"devices": [phrase], "capability": capability})
    assert devices_of(as_call("get_device_state", arguments, HOUSE)) == names


def test_names_that_several_devices_have() -> None:
    lamps = [
        structs.replace(HOUSE[0], id=room, name="Lamp", area=room) for room in ("Attic", "Cellar")
    ]
    asked = {"capability": "on_off", "value": True}
    with pytest.raises(BadRequestError, match=r"Several .* \(Attic, Cellar\)"):
        as_call("set_device_state", json.dumps({"devices": ["lamp"], **asked}), lamps)
    by_name = as_call("set_device_state", json.dumps({"devices": ["attic lamp"], **asked}), lamps)
    by_area = {"devices": ["the lamp"], "area": "cellar", **asked}
    assert devices_of(by_name) == ["Attic"]
    assert devices_of(as_call("set_device_state", json.dumps(by_area), lamps)) == ["Cellar"]


@pytest.mark.parametrize(
    ("capability", "written", "name", "value"),
    [
        ("power", "on", "on_off", True),
        ("on_off", "OFF", "on_off", False),
        ("state", True, "on_off", True),
        ("lock", "unlocked", "lock", False),
        ("locked", "lock", "lock", True),
        ("brightness", "50 %", "brightness", 50),
        ("level", "half", "brightness", 50),
        ("position", "open", "cover_position", 100),
        ("cover_position", False, "cover_position", 0),
        ("temperature", "21,5 °C", "target_temperature", 21.5),
        ("color_temperature", "2700K", "colour_temperature", 2700),
        ("colour_temperature", "warm white", "colour_temperature", 2700),
        ("color", "red", "colour", {"hue_deg": 0, "saturation_percent": 100}),
        ("colour", "#0000FF", "colour", {"hue_deg": 240, "saturation_percent": 100}),
        ("colour", "mauve", "colour", "mauve"),
        ("on_off", "perhaps", "on_off", "perhaps"),
    ],
)
def test_values_as_a_model_writes_them(
    capability: str, written: Any, name: str, value: Any
) -> None:
    arguments = json.dumps({"devices": ["x"], "capability": capability, "value": written})
    call = as_call("set_device_state", arguments)
    assert (call.arguments["capability"], call.arguments["value"]) == (name, value)


@pytest.mark.parametrize(
    ("name", "arguments", "call"),
    [
        ("get_time", "", {}),
        ("get_time", "null", {}),
        ("nothing_known", '{"a": 1}', {"a": 1}),
        ("find_devices", '{"name": "lamp", "room": "Hall", "type": "Lights"}',
         {"query": "lamp", "area": "Hall", "kind": "light"}),
        ("set_device_state", '{"room": "Kitchen", "kind": "lamp", "state": 1, "property": "x"}',
         {"target": {"area": "Kitchen", "kinds": ["light"]}, "capability": "x", "value": 1}),
        ("get_device_state", '{"target": {"devices": "kitchen light"}, "capability": "power"}',
         {"target": {"devices": ["Kitchen light"]}, "capability": "power"}),
    ],
)  # fmt: skip
def test_fields_as_a_model_writes_them(name: str, arguments: str, call: dict[str, Any]) -> None:
    assert as_call(name, arguments, HOUSE) == ToolCall(name=name, arguments=call)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ("{", BadRequestError, "not valid JSON"),
        ("[1]", BadRequestError, "have to be a JSON object"),
        ('{"capability": "on_off", "value": false}', BadRequestError, "lacks devices"),
        ('{"devices": [], "capability": "on_off", "value": 1}', BadRequestError, "“all”"),
        ('{"devices": ["kitchn light"], "capability": "on_off", "value": 1}', NotFoundError,
         "Did you mean “Kitchen light”"),
        ('{"devices": ["toaster"], "capability": "on_off", "value": 1}', NotFoundError,
         "no device called “toaster”"),
    ],
)  # fmt: skip
def test_what_helps_a_model_to_try_again(
    arguments: str, error: type[PiChatError], says: str
) -> None:
    with pytest.raises(error) as told:
        as_call("set_device_state", arguments, HOUSE)
    assert says in told.value.sentence


async def test_what_is_understood_is_what_the_house_takes() -> None:
    box = Toolbox(FakeHouse(*HOUSE), Audit(), TOOLS)
    written = '{"devices": ["Kitchen lights", "office plug"], "capability": "power", "value": "on"}'
    call = as_call("set_device_state", written, HOUSE)
    result = await box.call(call, source="model", turn_id="t")
    assert json.loads(result_text(result)) == {
        "confirmed": [
            {"device": "Kitchen light", "on_off": True},
            {"device": "Office plug", "on_off": True},
        ]
    }


def test_a_model_is_told_what_was_really_confirmed() -> None:
    def outcome(name: str, **how: Any) -> DeviceOutcome:
        return DeviceOutcome(device_id=name, device_name=name, capability="on_off", **how)

    failed = outcome("b", error_code="device_silent", error="The b does not answer.")
    partly = ToolResult(outcomes=(outcome("a", state=True), failed))
    assert json.loads(result_text(partly)) == {
        "confirmed": [{"device": "a", "on_off": True}],
        "failed": [{"device": "b", "why": "The b does not answer."}],
    }
    assert "confirmed" not in json.loads(result_text(ToolResult(outcomes=(failed,))))
    assert json.loads(result_text(ToolResult(value={"screens": 0}))) == {"value": {"screens": 0}}
    question = Question(
        id="q", text="Shall I?", call=ToolCall(name="x", arguments={}), conversation_id="c",
        turn_id="t", expires_s=1,
    )  # fmt: skip
    waits = json.loads(result_text(ToolResult(question=question)))
    assert waits["asked"] == "Shall I?"
    assert "not_done_yet" in waits
    told = json.loads(failure_text(NotFoundError("There is none.")))
    assert told == {"error": "not_found", "why": "There is none."}
