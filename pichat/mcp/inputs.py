"""What a server elsewhere asks the people of the house for, in the middle of a call."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

import msgspec

from pichat.bus import Bus
from pichat.errors import BusyError, NotFoundError
from pichat.events import InputAsked, InputEnded
from pichat.mcp.arguments import checked
from pichat.mcp.plain import plain, shortened

LIFE_S = 45.0
"""Shorter than a call's deadline, so that whoever waits for the call hears why."""
MOST_OPEN = 8
_LONGEST_TEXT = 500
_MOST_FIELDS = 16


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a person answered. `values` is None after a no; `answered`: False when nobody did."""

    answered: bool = True
    values: dict[str, Any] | None = None

    @property
    def word(self) -> Literal["yes", "no", "expired"]:
        if not self.answered:
            return "expired"
        return "no" if self.values is None else "yes"


@dataclass(frozen=True, slots=True)
class _Open:
    asked: InputAsked
    given: asyncio.Future[Given]


class Inputs:
    """What is asked now, oldest first. A server asks one thing at a time."""

    def __init__(self, bus: Bus, life_s: float = LIFE_S) -> None:
        self._bus = bus
        self._life_s = life_s
        self._open: dict[str, _Open] = {}

    async def ask(
        self, server: str, text: str, fields: dict[str, Any] | None, url: str | None = None
    ) -> Given:
        """Ask on the screens, and wait. `fields` is a JSON schema of an object; `url`: a page that
        somebody has to visit instead. Raises BusyError when the server asks already, or too many
        do."""
        if len(self._open) >= MOST_OPEN or any(
            each.asked.server == server for each in self._open.values()
        ):
            raise BusyError("Another question waits for an answer already.")
        wanted = plain(fields or {})
        asked = InputAsked(
            id=uuid4().hex,
            server=server,
            text=shortened(text, _LONGEST_TEXT),
            fields={
                "properties": dict([*wanted.get("properties", {}).items()][:_MOST_FIELDS]),
                "required": wanted.get("required", []),
            },
            url=url,
            expires_s=time.time() + self._life_s,
        )
        waiting = _Open(asked, asyncio.get_running_loop().create_future())
        self._open[asked.id] = waiting
        self._bus.publish(asked)
        given = Given(answered=False)
        try:
            async with asyncio.timeout(self._life_s):
                given = await waiting.given
        except TimeoutError:
            pass
        finally:
            del self._open[asked.id]
            self._bus.publish(InputEnded(id=asked.id, answer=given.word))
        return given

    def answer(self, input_id: str, values: dict[str, Any] | None) -> None:
        """A person's answer; None: nothing is told. Raises NotFoundError when it is too late, and
        BadRequestError that names the field; then it can be answered again."""
        found = self._open.get(input_id)
        if found is None or found.given.done():
            raise NotFoundError("Nothing waits for that answer any more.")
        if values is not None:
            fields = {"type": "object", **found.asked.fields}
            values = checked(found.asked.server, values, fields)
        found.given.set_result(Given(values=values))

    def open(self) -> tuple[InputAsked, ...]:
        """All that wait, oldest first."""
        return tuple(each.asked for each in self._open.values())
