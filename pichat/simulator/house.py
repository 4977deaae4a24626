"""The house file: which devices there are, where they stand and how they behave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

try:
    from yaml import CSafeLoader as Loader  # a twentieth of the time
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

from pichat.simulator.errors import HouseError
from pichat.simulator.kinds import all_kinds
from pichat.simulator.node.parts import Link
from pichat.simulator.wire.codec import eui64_from_text

DEFAULT_HOUSE = Path(__file__).with_name("house.yaml")


class DeviceSpec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One device. `id` is its short name on the control socket; `ieee` reads `00:0d:6f:…`."""

    id: str
    name: str
    area: str
    kind: str
    ieee: str
    state: dict[str, Any] = {}
    options: dict[str, Any] = {}
    link: Link = msgspec.field(default_factory=Link)


class House(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    devices: list[DeviceSpec]


def load_house(path: Path | None) -> House:
    """Reads a house file; None reads the one that comes with PiChat.

    Raises HouseError with every problem, one a line.
    """
    source = DEFAULT_HOUSE if path is None else path
    try:
        content = yaml.load(source.read_text("utf-8"), Loader)
        house = msgspec.convert(content, House)
    except OSError as error:
        raise HouseError(f"The house {source} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise HouseError(f"The house {source} is not UTF-8 text.") from error
    except yaml.YAMLError as error:
        raise HouseError(f"The house {source} is not YAML: {_in_a_line(error)}.") from error
    except msgspec.ValidationError as error:
        raise HouseError(f"The house {source} does not fit: {error}.") from error
    problems = _problems(house)
    if problems:
        raise HouseError("\n".join(f"{source}: {problem}" for problem in problems))
    return house


def _in_a_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return where + str(getattr(error, "problem", None) or getattr(error, "reason", "unreadable"))


def _problems(house: House) -> list[str]:
    found: list[str] = []
    seen: set[str] = set()
    for spec in house.devices:
        for key in (spec.id, spec.ieee.lower()):
            if key in seen:
                found.append(f"{key} is used by two devices.")
            seen.add(key)
        try:
            eui64_from_text(spec.ieee)
        except ValueError:
            found.append(f"{spec.id}: {spec.ieee!r} is not an address of eight bytes.")
        found += _kind_problems(spec)
        found += _link_problems(spec, house)
    return found


def _link_problems(spec: DeviceSpec, house: House) -> list[str]:
    found = []
    if (problem := spec.link.problem()) is not None:
        found.append(f"{spec.id}: {problem}")
    kinds = all_kinds()
    routers = {one.id for one in house.devices if one.kind in kinds and kinds[one.kind].router} - {
        spec.id
    }
    if spec.link.parent is not None and spec.link.parent not in routers:
        found.append(f"{spec.id}: its parent {spec.link.parent!r} is no router of this house.")
    found += [
        f"{spec.id}: it hears {node!r}, which is no router of this house."
        for node in spec.link.hears
        if node not in routers | {"coordinator"}
    ]
    return found


def _kind_problems(spec: DeviceSpec) -> list[str]:
    kind = all_kinds().get(spec.kind)
    if kind is None:
        return [f"{spec.id}: no kind {spec.kind!r}; there are {', '.join(sorted(all_kinds()))}."]
    found = []
    for name, value in spec.options.items():
        wanted = kind.options.get(name)
        if wanted is None:
            known = ", ".join(kind.options) or "none"
            found.append(f"{spec.id}: no option {name!r} for a {kind.name}; it has {known}.")
        elif wanted is float and (isinstance(value, bool) or not isinstance(value, int | float)):
            found.append(f"{spec.id}: the option {name} must be a number, not {value!r}.")
        elif wanted is str and not isinstance(value, str):
            found.append(f"{spec.id}: the option {name} must be text, not {value!r}.")
    return found
