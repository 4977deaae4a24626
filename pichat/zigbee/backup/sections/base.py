"""What people said of their house, as a backup keeps it: a section for each kind of it.

A section is a class with a `name`; registration stands beside the definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from pichat.errors import BadRequestError
from pichat.store.db import Database


class Section(Protocol):
    name: str

    async def collect(self, database: Database) -> Any:
        """What there is, as something that JSON takes."""
        ...

    async def restore(self, database: Database, data: Any) -> None:
        """Have exactly that again. Raises msgspec.ValidationError when `data` is not of this
        section's form, before anything was changed, and UnavailableError."""
        ...


SECTIONS: dict[str, Section] = {}
S = TypeVar("S", bound=type[Any])


def section(cls: S) -> S:
    made: Section = cls()
    if made.name in SECTIONS:
        raise TypeError(f"the section {made.name!r} is registered twice")
    SECTIONS[made.name] = made
    return cls


async def collect(database: Database) -> dict[str, Any]:
    return {name: await each.collect(database) for name, each in sorted(SECTIONS.items())}


async def restore(database: Database, house: Mapping[str, Any]) -> None:
    """What a backup does not have stays as it is; what is of a newer PiChat is left out. Raises
    BadRequestError, UnavailableError."""
    for name, data in house.items():
        if name in SECTIONS:
            try:
                await SECTIONS[name].restore(database, data)
            except msgspec.ValidationError as error:
                raise BadRequestError(f"The backup's {name} are damaged: {error}.") from error
