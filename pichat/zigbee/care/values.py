"""Values of the ZCL's types as JSON, and back."""

from __future__ import annotations

import enum
import math
from typing import Any

from pichat.errors import BadRequestError
from pichat.zigbee.care.types import Json


def type_name(type_id: int) -> str:
    """Such as uint8, map16, string (ZCL 8, table 2-11)."""
    from zigpy.zcl import foundation

    kinds: Any = foundation.DataTypeId
    try:
        return str(kinds(type_id).name).rstrip("_")
    except ValueError:
        return f"{type_id:#04x}"


def type_number(name: str) -> int:
    """Raises BadRequestError with the names that there are."""
    from zigpy.zcl.foundation import DataTypeId

    for member in DataTypeId:
        if member.name.rstrip("_").casefold() == name.casefold() and member.name != "unk":
            return int(member)
    known = ", ".join(member.name.rstrip("_") for member in DataTypeId if member.name != "unk")
    raise BadRequestError(f"There is no type “{name}”; there are {known}.")


def to_json(value: Any) -> Json:
    """Enumerations and bitmaps are numbers, bytes hexadecimal text, structures objects."""
    if value is None or type(value).__name__ in ("NoData", "Unknown"):
        return None
    if type(value).__name__ == "Bool":
        return bool(int(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if type(value).__name__ in ("EUI64", "KeyData", "ExtendedPanId"):
        return str(value)
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if hasattr(value, "as_dict"):
        return {str(name): to_json(each) for name, each in value.as_dict().items()}
    if hasattr(value, "value"):  # a TypeValue
        return to_json(value.value)
    return str(value)


def meaning(value: Any, kind: type[Any] | None) -> str | None:
    """The word for an enumeration's value, where the ZCL has one. `kind`: the attribute's own
    type, which knows more words than the type on the air."""
    if type(value).__name__ == "Bool" or not isinstance(value, int):
        return None
    if kind is not None and issubclass(kind, int):
        value = kind(value)
    if not isinstance(value, enum.Enum) or value.name.lower().startswith("undefined"):
        return None
    return value.name.replace("_", " ").lower()


def from_json(value: Json, kind: type[Any], what: str) -> Any:
    """`value` as zigpy's type. Numbers may be text such as 0x1f, enumerations their names, bytes
    hexadecimal text. Raises BadRequestError that names `what`."""
    try:
        return _converted(value, kind)
    except (ValueError, TypeError, KeyError, OverflowError, AssertionError) as error:
        raise BadRequestError(
            f"{what}: {value!r} is no {kind.__name__.removesuffix('_t')}."
        ) from error


def _converted(value: Json, kind: type[Any]) -> Any:
    name = kind.__name__
    if name == "Bool":
        if not isinstance(value, bool):
            raise TypeError(name)
        return kind(value)
    if issubclass(kind, bytes):
        return kind(bytes.fromhex(_text(value).removeprefix("0x").replace(":", "")))
    if issubclass(kind, str):
        return kind(_text(value))
    if hasattr(kind, "convert"):
        return kind.convert(_text(value))
    if issubclass(kind, enum.Enum) and isinstance(value, str):
        return _member(kind, value)
    if issubclass(kind, int):
        return kind(_whole(value))
    if issubclass(kind, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(name)
        return kind(value)
    if issubclass(kind, list) and isinstance(value, list):
        item: Any = getattr(kind, "_item_type", None)
        return kind([_converted(each, item) for each in value] if item else value)
    if isinstance(value, dict):
        kinds = {field.name: field.type for field in kind.fields}
        return kind(**{key: _converted(each, kinds[key]) for key, each in value.items()})
    raise TypeError(name)


def _member(kind: type[Any], value: str) -> Any:
    folded = value.casefold().replace(" ", "_")
    for member in kind:
        if member.name.casefold() == folded:
            return member
    return kind(int(value, 0))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(str(value))
    return value


def _whole(value: Json) -> int:
    if isinstance(value, str):
        return int(value, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise TypeError(str(value))
    return int(value)
