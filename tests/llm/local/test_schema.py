"""The check of a call's arguments, against jsonschema's; and numbers within bounds."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pichat.llm.numbers import integers, numbers
from pichat.llm.schema import fits

VALUES: list[Any] = [
    *(None, True, False, 0, 1, 3, -2, 2.0, 2.5, 100, "", "a", "ab", "abcd", "2", [], [1], [1, 1]),
    *(
        [1, "a"],
        ["a", "b", "c"],
        [True, 1],
        {},
        {"a": 1},
        {"a": "x"},
        {"a": 1, "b": 2},
        {"b": None},
    ),
    *({"a": {"a": {}}}, {"a": {"a": {"a": 1}}}, {"kind": "x", "n": 3}, {"kind": "y"}),
]
SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "string"},
    {"type": ["integer", "null"]},
    {"type": "number", "minimum": 1, "maximum": 2.5},
    {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
    {"multipleOf": 0.5},
    {"enum": [1, "a", None, [1]]},
    {"const": True},
    {"const": 1},
    {"type": "string", "minLength": 1, "maxLength": 2},
    {"type": "string", "pattern": "^a"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"type": "array", "uniqueItems": True},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    {"type": "object", "maxProperties": 1},
    {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
    {"allOf": [{"type": "integer"}, {"minimum": 2}]},
    {"not": {"type": "string"}},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"additionalProperties": {"$ref": "#/$defs/tree"}}}},
    {"properties": {"a": False}},
    {"oneOf": [{"properties": {"kind": {"const": "x"}}, "required": ["kind", "n"]}, {"const": 0}]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=repr)
def test_the_check_is_that_of_jsonschema(schema: dict[str, Any]) -> None:
    validator = Draft202012Validator(schema)
    for value in VALUES:
        assert fits(value, schema) == validator.is_valid(value), value


def test_a_reference_must_lead_somewhere() -> None:
    with pytest.raises(ValueError, match="leads nowhere"):
        fits(1, {"$ref": "#/$defs/none"})


def as_regex(expression: str) -> re.Pattern[str]:
    """The part of GBNF that numbers need says the same as a regular expression."""
    text = re.sub(r'"([^"]*)"', lambda found: re.escape(found[1]), expression)
    return re.compile(text.replace(" ", ""))


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 100), (5, 5), (-3, 12), (-100, -7), (99, 1001), (10, 10), (0, 0), (-1, 0), (199, 234)],
)
def test_integers_are_exactly_those_within_the_bounds(low: int, high: int) -> None:
    pattern = as_regex(integers({"minimum": low, "maximum": high}))
    allowed = [n for n in range(-1200, 1200) if pattern.fullmatch(str(n))]
    assert allowed == list(range(low, high + 1))
    assert not any(pattern.fullmatch(text) for text in ("", "-", "007", "-0", "1.0", "+1"))


@pytest.mark.parametrize(
    "bounds",
    [
        {"minimum": 0, "maximum": 100},
        {"minimum": -1.5, "maximum": 1.5},
        {"exclusiveMinimum": 0, "exclusiveMaximum": 3},
        {"minimum": 16, "maximum": 28.5},
        {"maximum": -2},
    ],
)
def test_numbers_stay_within_the_bounds(bounds: dict[str, float]) -> None:
    pattern = as_regex(numbers(bounds))
    whole, parts = range(-130, 130), ("", ".0", ".25", ".999999")
    texts = [f"{n}{part}" for n, part in product(whole, parts)] + [f"-0{part}" for part in parts]
    allowed = [text for text in texts if pattern.fullmatch(text)]
    assert allowed
    assert all(fits(float(text), bounds) for text in allowed)


def test_no_number_within_the_bounds() -> None:
    with pytest.raises(ValueError, match="no number"):
        integers({"minimum": 1.2, "maximum": 1.8})
