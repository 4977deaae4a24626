"""Schemas as servers write them: made harmless, made small, and arguments checked by them."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pichat.errors import BadRequestError
from pichat.mcp.arguments import checked
from pichat.mcp.plain import compact, plain, shortened

LOOP = {"$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}
DOUBLING = {
    "$defs": {
        **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 4} for n in range(30)},
        "d30": {"type": "string"},
    },
    "properties": {"a": {"$ref": "#/$defs/d0"}},
}
BACKTRACKING = {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}


def raw(schema: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(schema))


@pytest.mark.parametrize("schema", [LOOP, DOUBLING, BACKTRACKING, [], None, 5, {"type": "array"}])
def test_a_schema_that_means_harm_costs_nothing(schema: Any) -> None:
    started_s = time.monotonic()
    made = plain(raw(schema))
    assert made["type"] == "object"
    checked("t", {"a": "a" * 30 + "!", "n": {"n": {}}}, made)
    assert len(msgspec.json.encode(compact(made, 300))) <= 600
    assert time.monotonic() - started_s < 1.0


def test_what_is_no_json_takes_anything() -> None:
    assert plain(msgspec.Raw(b"{broken")) == {"type": "object"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "properties", "required", "items", "enum", "anyOf", "$ref", "const"),
                    *("minimum", "maxLength", "additionalProperties", "description", "not", "a"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(schema=ANYTHING, value=ANYTHING)
def test_no_schema_breaks_it(schema: Any, value: Any) -> None:
    made = plain(raw(schema))
    compact(made, 200)
    try:
        checked("t", {"a": value}, made)
    except BadRequestError as error:
        assert error.sentence.endswith("Nothing was sent.")


def test_references_and_nullable_fields_are_told_plainly() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Whole",
        "$defs": {"Unit": {"type": "string", "enum": ["c", "f"], "title": "Unit"}},
        "properties": {
            "unit": {"$ref": "#/$defs/Unit", "description": "Which one."},
            "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
            "list": {"type": "array", "items": {"type": ["string", "null"], "title": "X"}},
        },
        "required": ["unit"],
        "additionalProperties": False,
    }
    assert compact(plain(schema), 1000) == {
        "type": "object",
        "properties": {
            "unit": {"type": "string", "enum": ["c", "f"], "description": "Which one."},
            "days": {"type": "integer"},
            "list": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["unit"],
    }


def test_of_a_large_schema_what_is_required_stays() -> None:
    properties = {f"field_{n}": {"type": "string", "description": "word " * 50} for n in range(40)}
    made = compact(plain({"properties": properties, "required": ["field_39"]}), 300)
    assert len(msgspec.json.encode(made)) <= 300
    assert "field_39" in made["properties"]
    assert "description" not in made["properties"]["field_39"]


@pytest.mark.parametrize(
    ("schema", "arguments", "sentence"),
    [
        ({"enum": ["a", "b"]}, "c", "“x” has to be one of a, b"),
        ({"type": "array", "items": {"type": "integer"}}, [1, "b"], "“x[1]” has to be integer"),
        ({"properties": {"y": {"type": "boolean"}}}, {"y": 3}, "“x.y” has to be boolean"),
        ({"required": ["y"], "properties": {}}, {}, "it lacks “x.y”"),
        ({"properties": {}, "additionalProperties": False}, {"z": 1}, "it has no “x.z”"),
        ({"type": "string", "maxLength": 2}, "abc", "at most 2 characters"),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "?", "“x” has to be"),
    ],
)
def test_the_sentence_names_the_field(schema: Any, arguments: Any, sentence: str) -> None:
    whole = plain({"properties": {"x": schema}})
    with pytest.raises(BadRequestError) as raised:
        checked("tool", {"x": arguments}, whole)
    assert sentence in raised.value.sentence


def test_text_is_shortened_at_a_sentence_where_there_is_one() -> None:
    assert shortened("One two. Three\nfour five six.", 18) == "One two."
    assert shortened("alpha beta gamma delta", 12) == "alpha beta …"
    assert shortened(" a \n b ", 12) == "a b"
