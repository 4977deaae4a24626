"""Values for msgspec types, and values that fit nothing."""

from __future__ import annotations

from typing import Any

import msgspec.inspect as kinds
from hypothesis import strategies as st

NAMES = (
    "turn on the kitchen light",
    "all lights off",
    "kitchen light",
    "Kitchen",
    "bedroom light",
    "local",
    "default",
    "house",
    "on_off",
    "en",
)
"""What is there, or may be, so that not every wish fails at its first word."""

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**30,
    -1.5,
    1e308,
    "",
    "\x00",
    "🙂" * 40,
    [],
    {},
    [[[]]],
    {"a": {}},
    "\u202e",
)
"""What most fields do not take."""

NUMBERS = st.integers(-5, 300) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = (
    st.sampled_from(NAMES)
    | st.text(max_size=12)
    | st.sampled_from([65, 300, 40_000]).map("é".__mul__)
)
odd = st.sampled_from(ODD) | TEXTS | NUMBERS


def wish(field: kinds.Type, known: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values of that type, whatever its bounds; `known`: names and ids that are there."""
    match field:
        case kinds.BoolType():
            return st.booleans()
        case kinds.IntType() | kinds.FloatType():
            return NUMBERS
        case kinds.StrType():
            return known | TEXTS
        case kinds.NoneType():
            return st.none()
        case kinds.LiteralType(values=values):
            return st.sampled_from(values)
        case kinds.ListType(item_type=item) | kinds.VarTupleType(item_type=item):
            return st.lists(wish(item, known), max_size=4)
        case kinds.SetType(item_type=item) | kinds.FrozenSetType(item_type=item):
            return st.lists(wish(item, known), max_size=4)
        case kinds.TupleType(item_types=items):
            return st.tuples(*(wish(item, known) for item in items)).map(list)
        case kinds.DictType(value_type=item):
            return st.dictionaries(known | TEXTS, wish(item, known), max_size=4)
        case kinds.UnionType(types=types):
            return st.one_of(*(wish(each, known) for each in types))
        case kinds.StructType() as struct:
            return payload(struct, known)
        case kinds.Metadata(type=inner):
            return wish(inner, known)
        case _:
            return odd


def payload(struct: kinds.StructType, known: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """An object with its fields: most of them, and most of them right."""
    fields = {each.encode_name: wish(each.type, known) for each in struct.fields}
    required = {each.encode_name for each in struct.fields if each.required}
    right = st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: each for name, each in fields.items() if name not in required},
    )
    anything = st.dictionaries(st.sampled_from([*fields, "more"]), odd, max_size=4)
    mixed = st.tuples(right, anything).map(lambda both: {**both[0], **both[1]})
    return st.one_of(right, right, right, mixed, anything)
