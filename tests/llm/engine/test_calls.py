"""Calls of models that know nothing: each names a tool and fits its schema all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from pichat.llm.base import CallDelta, Request, ToolSpec
from pichat.llm.errors import ModelRefusedError
from scripts.tiny_templates import CHATML_END, FAMILIES, NO_TOOLS
from tests.llm.conftest import Write
from tests.llm.engine.parts import answer, engine_of
from tests.llm.local.parts import LIGHT, asked, called, reason, said, with_parameters

LONG = pytest.mark.long
ENDS = {"llama3": "<|eot_id|>", "mistral": None}
SHORT = {"type": "string", "maxLength": 12}
TOOLS = (
    LIGHT,
    ToolSpec(name="get_time", description="The time.", parameters={"type": "object"}),
    ToolSpec(
        name="add_timer",
        description="A timer.",
        parameters={
            "properties": {
                "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": 86400},
                "label": {"anyOf": [SHORT, {"type": "null"}]},
                "days": {
                    "type": "array",
                    "items": {"enum": ["Mo", "Tu", "We"]},
                    "minItems": 1,
                    "maxItems": 3,
                },
                "sound": {
                    "type": "object",
                    "properties": {"volume": {"type": "integer", "minimum": -10, "maximum": 10}},
                    "required": ["volume"],
                    "additionalProperties": False,
                },
            },
            "required": ["seconds", "sound"],
            "additionalProperties": False,
        },
    ),
    ToolSpec(
        name="set_scene",
        description="Küche “gemütlich”.",
        parameters={
            "type": "object",
            "$defs": {"step": {"type": "object", "properties": {"then": {"$ref": "#/$defs/step"}}}},
            "properties": {
                "first": {"$ref": "#/$defs/step"},
                "kind": {"const": 'größe "1"\n'},
                "target": {
                    "oneOf": [
                        {"type": "object", "properties": {"area": SHORT}, "required": ["area"]},
                        {"type": ["boolean", "integer"]},
                    ]
                },
            },
            "required": ["kind", "target"],
        },
    ),
)
VALIDATORS = {tool.name: Draft202012Validator(tool.parameters) for tool in TOOLS}


def request_of(seed: int, choice: str, tools: tuple[ToolSpec, ...] = TOOLS) -> Request:
    request = asked("Do something.", tools=tools, tool_choice=choice)
    return with_parameters(request, seed=seed, temperature=1.5, top_p=1.0, max_tokens=120)


def check(events: list[Any]) -> list[str]:
    """The names that were called."""
    for event in events:
        if isinstance(event, CallDelta):
            assert event.id
            VALIDATORS[event.name].validate(msgspec.json.decode(event.arguments))
    return [name for name, _ in called(events)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("weights", "seeds"), [(1, 4), pytest.param(2, 60, marks=LONG)])
def test_a_call_fits_whatever_the_weights(
    tiny: Write, family: str, weights: int, seeds: int
) -> None:
    ends = ENDS.get(family, CHATML_END)
    engine = engine_of(tiny(template=FAMILIES[family], ends=ends, seed=weights))
    names: list[str] = []
    whole = 0
    for seed in range(seeds):
        events = answer(engine, request_of(seed, "required"))
        found = check(events)
        names += found
        if reason(events) == "length" and family != "hermes":
            assert not found  # a call that was cut off is none
        whole += bool(found)
    assert whole > seeds / 10  # the rest did not come to an end in time
    assert len(set(names)) > 1 or seeds < 10


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("hermes", {"says": ("Sure. ", "<tool_call>")}),
        ("hermes", {"says": ("Sure. ", "<tool", "_call>\n{")}),  # the start, and more, in pieces
        ("llama3", {"says": ('{"na',)}),
        ("llama3", {"says": ("<|python_tag|>",)}),
        ("mistral", {"says": ("[TOOL_CALLS]",), "after": "[/INST]"}),
        ("plain", {"says": ("{", '"')}),
    ],
)
def test_a_call_that_has_begun_becomes_a_valid_one(
    tiny: Write, family: str, options: dict[str, Any]
) -> None:
    ends = ENDS.get(family, CHATML_END)
    engine = engine_of(tiny(template=FAMILIES[family], ends=ends, **options))
    whole = 0
    for seed in range(3):
        events = answer(engine, request_of(seed, "auto"))
        whole += bool(check(events))
        if family == "hermes":
            assert said(events).startswith("Sure. ")
        else:
            assert said(events) == ""
    assert whole > 0


def test_what_is_no_tool_call_stays_text(tiny: Write) -> None:
    engine = engine_of(tiny(says=("Sure. ", "<tool_call>", "{", "}", "</tool_call>")))
    for request in (asked("Hello."), asked("Hello.", tools=TOOLS, tool_choice="none")):
        events = answer(engine, request)
        assert said(events) == "Sure. <tool_call>{}</tool_call>"
        assert reason(events) == "stop"


def test_a_call_that_is_cut_off_never_leaves(tiny: Write) -> None:
    engine = engine_of(tiny())
    for tokens in range(1, 30):
        request = with_parameters(request_of(5, "required"), seed=5, max_tokens=tokens)
        events = answer(engine, request)
        assert called(events) == []
        assert reason(events) == "length"
        if tokens > 12:
            break


def test_a_model_that_was_taught_no_tools_is_told_of_them(tiny: Write, tmp_path: Path) -> None:
    engine = engine_of(tiny(template=NO_TOOLS, says=("<tool_call>",)))
    assert any(check(answer(engine, request_of(seed, "auto"))) for seed in range(5))


def test_a_tool_that_cannot_be_described_is_refused(tiny: Write) -> None:
    engine = engine_of(tiny())
    impossible: tuple[dict[str, Any], ...] = (
        {"properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}}, "required": ["a"]},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"properties": {"a": {"enum": []}}},
    )
    for parameters in impossible:
        broken = ToolSpec(name="broken", description="", parameters=parameters)
        with pytest.raises(ModelRefusedError):
            answer(engine, request_of(1, "required", (broken,)))
    assert answer(engine, request_of(1, "required"))  # the engine is as well as before
    with pytest.raises(ModelRefusedError, match="there is none"):
        answer(engine, request_of(1, "required", ()))
