"""What a tool call may look like, in GBNF, the grammars of llama.cpp (its grammars/README.md).

Only what is in the grammar can be sampled. So it allows the names of the tools and, for each, the
arguments that its schema allows: properties in the schema's order, JSON with at most one space
between. What the grammar cannot say (a pattern, a multiple) the check of schema.py finds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pichat.llm.base import ToolSpec
from pichat.llm.calls.syntax import Syntax
from pichat.llm.numbers import integers, numbers
from pichat.llm.schema import Schema, resolved, types_of

MOST_CALLS = 8  # in one list
_LONGEST_LIST = 32  # where the schema does not say
# No control characters, and no half of a surrogate pair, which is no text.
_BASIC = r"""
ws ::= " "?
char ::= [^"\\\x00-\x1f\x7f] | "\\" (["\\/bfnrt] | "u" ([0-9a-cefA-CEF] hex | [dD] [0-7]) hex hex)
hex ::= [0-9a-fA-F]
string ::= "\"" char* "\""
boolean ::= "true" | "false"
null ::= "null"
any ::= string | number | boolean | null | list | map
list ::= "[" (any ("," ws any)*)? "]"
map ::= "{" (string ":" ws any ("," ws string ":" ws any)*)? "}"
"""


def call_grammar(syntax: Syntax, tools: Sequence[ToolSpec]) -> str:
    """What follows the start of a call, its end included. Raises ValueError when a tool's schema
    cannot be satisfied, or refers to nothing."""
    grammar = _Grammar()
    calls = [_call(grammar, syntax, tool) for tool in tools]
    call = grammar.add(" | ".join(calls))
    body = call
    if syntax.listed:
        body = f'"[" {call} ("," ws {call}){{0,{MOST_CALLS - 1}}} "]"'
    # Space only where something follows that ends it: else it could go on for ever.
    space = r"[ \n]?"
    after = f"{space} {literal(syntax.end)}" if syntax.end else ""
    root = f"root ::= {space} {body} {after}".rstrip()
    return "\n".join([root, *grammar.rules, f"number ::= {numbers({})}", _BASIC.strip()])


def literal(text: str) -> str:
    """`text` itself, as GBNF writes it."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(each, each) for each in text) + '"'


def _call(grammar: _Grammar, syntax: Syntax, tool: ToolSpec) -> str:
    arguments = grammar.value({"type": "object", **tool.parameters}, tool.parameters)
    name = _constant("name"), _constant(tool.name)
    key = _constant(syntax.arguments_key)
    return grammar.add(f'"{{" {name[0]} ":" ws {name[1]} "," ws {key} ":" ws {arguments} "}}"')


def _constant(value: Any) -> str:
    return literal(json.dumps(value, ensure_ascii=False))


class _Grammar:
    """Collects rules. Every method that says so returns an expression without alternatives at its
    top, mostly the name of a rule."""

    def __init__(self) -> None:
        self.rules: list[str] = []
        self._references: dict[tuple[int, str], str] = {}

    def add(self, expression: str) -> str:
        """The name of a rule for it."""
        name = f"r{len(self.rules)}"
        self.rules.append(f"{name} ::= {expression}")
        return name

    def value(self, schema: Schema | bool, root: Schema) -> str:
        """An expression for the values that the schema allows."""
        if isinstance(schema, bool):
            if not schema:
                raise ValueError("a schema allows nothing")
            return "any"
        if "$ref" in schema:
            return self._reference(schema, root)
        if "const" in schema:
            return _constant(schema["const"])
        if "enum" in schema:
            if not schema["enum"]:
                raise ValueError("an enum allows nothing")
            return f"({' | '.join(_constant(each) for each in schema['enum'])})"
        if "allOf" in schema:
            return self.value(_merged(schema, root), root)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                rest = {name: value for name, value in schema.items() if name != key}
                options = [_merged({"allOf": [rest, each]}, root) for each in schema[key]]
                return f"({' | '.join(self.value(each, root) for each in options)})"
        return self._typed(schema, root)

    def _reference(self, schema: Schema, root: Schema) -> str:
        key = (id(root), str(schema["$ref"]))
        if key not in self._references:
            target = resolved(schema, root)
            name = self._references[key] = self.add("")  # its place, since it may refer to itself
            at = len(self.rules) - 1
            self.rules[at] = f"{name} ::= {self.value(target, root)}"
        return self._references[key]

    def _typed(self, schema: Schema, root: Schema) -> str:
        named = types_of(schema)
        if len(named) > 1:
            options = [self._typed({**schema, "type": each}, root) for each in named]
            return f"({' | '.join(options)})"
        kind = named[0] if named else _implied(schema)
        if kind == "object":
            return self._object(schema, root)
        if kind == "array":
            return self._list(schema, root)
        if kind == "string":
            return self._string(schema)
        if kind in ("integer", "number"):
            return integers(schema) if kind == "integer" else numbers(schema)
        return kind

    def _string(self, schema: Schema) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if not least and most is None:
            return "string"
        return self.add(f'"\\"" char{_times(least, most)} "\\""')

    def _list(self, schema: Schema, root: Schema) -> str:
        least, most = schema.get("minItems", 0), schema.get("maxItems", _LONGEST_LIST)
        first = [self.value(each, root) for each in schema.get("prefixItems", ())][:most]
        others = schema.get("items", True)
        parts = ' "," ws '.join(first)
        most, least = most - len(first), max(0, least - len(first))
        if others is not False and most > 0:
            item = self.value(others, root)
            if first:
                parts += f' ("," ws {item}){_times(least, most)}'
            else:
                more = f'("," ws {item}){_times(max(0, least - 1), most - 1)}'
                parts = f"{item} {more}" if least else f"({item} {more})?"
        return self.add(f'"[" {parts} "]"')

    def _object(self, schema: Schema, root: Schema) -> str:
        required = set(schema.get("required", ()))
        known, other = dict(schema.get("properties", {})), schema.get("additionalProperties", True)
        known |= dict.fromkeys(sorted(required - known.keys()), other)
        if not known:
            if other is False:
                return '"{" "}"'
            value = self.value(other, root)
            pair = f'string ":" ws {value}'
            return self.add(f'"{{" ({pair} ("," ws {pair})*)? "}}"')
        pairs = [
            (self.add(f'{_constant(name)} ":" ws {self.value(each, root)}'), name in required)
            for name, each in known.items()
        ]
        return self.add(f'"{{" {self._pairs(pairs)} "}}"')

    def _pairs(self, pairs: list[tuple[str, bool]]) -> str:
        """Each in its place: those that are required, and any of the others."""
        tail = ""
        tails: list[str] = []  # what may follow each
        for pair, needed in reversed(pairs):
            tails.insert(0, tail)
            tail = self.add(f'"," ws {pair} {tail}' if needed else f'("," ws {pair})? {tail}')
        options: list[str] = []  # by the one that comes first
        for (pair, needed), rest in zip(pairs, tails, strict=True):
            options.append(f"{pair} {rest}".strip())
            if needed:
                return f"({' | '.join(options)})"
        return f"({' | '.join(options)})?"


def _times(least: int, most: int | None) -> str:
    return f"{{{least},{'' if most is None else most}}}"


def _implied(schema: Schema) -> str:
    """The type that the keywords are about when none is named."""
    signs = {
        "object": ("properties", "required", "additionalProperties"),
        "array": ("items", "prefixItems", "minItems", "maxItems"),
        "string": ("minLength", "maxLength", "pattern"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    }
    return next((kind for kind, keys in signs.items() if any(k in schema for k in keys)), "any")


def _merged(schema: Schema, root: Schema) -> Schema:
    """All of `allOf` in one: the keywords that tools use for it, properties and what they need."""
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        while isinstance(part, dict) and "$ref" in part:
            part = resolved(part, root)
        if isinstance(part, bool):
            continue
        required = [*merged.get("required", ()), *part.get("required", ())]
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        merged |= part
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged
