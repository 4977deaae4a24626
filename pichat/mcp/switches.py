"""Which tools elsewhere are on, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from pichat.errors import BadRequestError
from pichat.store.mcp_switches import Switch, SwitchTable
from pichat.tools.remote import Behalf

MOST_PATTERNS = 300
"""For each of whose."""

Kind = Literal["everybody", "profile", "client", "token"]
_LONGEST = 64


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a switch counts. `name`: of the profile, or the id of the client or token."""

    kind: Kind = "everybody"
    name: str = ""

    @property
    def key(self) -> str:
        return "" if self.kind == "everybody" else f"{self.kind}:{self.name}"


EVERYBODY = Whose()


class Switches:
    """In memory as on the disk. A change is on the disk when it is told, and holds from the next
    turn on. Without any, every tool is on; what is passed on to other programs is off."""

    def __init__(self, table: SwitchTable, kept: Iterable[Switch]) -> None:
        self._table = table
        self._patterns: dict[str, dict[str, bool]] = {}
        for each in kept:
            self._remember(each)

    @classmethod
    async def load(cls, table: SwitchTable) -> Switches:
        return cls(table, await table.all())

    def is_on(self, alias: str, behalf: Behalf) -> bool:
        """Whether that tool may be used. Of those that fit, the most particular counts: the token's
        before the client's, that before the profile's, that before everybody's; and of one's own
        the one that was set last."""
        return self._decided(alias, _keys(behalf)) is not False

    def is_passed_on(self, alias: str, token_id: str) -> bool:
        """Whether the program that came in with that token may have it from us: only when it was
        switched on for that token, and is not off for everybody."""
        own = self._patterns.get(Whose(kind="token", name=token_id).key, {})
        return bool(_last(own, alias)) and self._decided(alias, ("",)) is not False

    def of(self, whose: Whose) -> tuple[Switch, ...]:
        """In the order in which they were set."""
        found = self._patterns.get(whose.key, {})
        return tuple(Switch(whose=whose.key, pattern=p, is_on=on) for p, on in found.items())

    def all(self) -> Mapping[str, tuple[Switch, ...]]:
        """By whose; "" is everybody."""
        return {
            key: tuple(Switch(whose=key, pattern=p, is_on=on) for p, on in found.items())
            for key, found in self._patterns.items()
        }

    async def change(
        self, whose: Whose, *, on: Sequence[str] = (), off: Sequence[str] = ()
    ) -> tuple[Switch, ...]:
        """Switch patterns on, then some off; what they say over again of others is forgotten. All
        that holds for them now. Raises BadRequestError and UnavailableError."""
        wished = [(each, True) for each in on] + [(each, False) for each in off]
        for pattern, _ in wished:
            if not 0 < len(pattern) <= _LONGEST:
                raise BadRequestError(f"A pattern has 1 to {_LONGEST} characters.")
        if whose.kind != "everybody" and not whose.name:
            raise BadRequestError(f"Say which {whose.kind}.")
        new = {
            pattern: Switch(whose=whose.key, pattern=pattern, is_on=is_on)
            for pattern, is_on in wished
        }
        before = self.of(whose)
        gone = [each for each in before if each.pattern not in new and _is_covered(each, new)]
        if len(before) - len(gone) + len(new) > MOST_PATTERNS:
            raise BadRequestError(f"That would be more than {MOST_PATTERNS} patterns.")
        await self._table.save([*new.values()], gone)
        for each in gone:
            self._patterns.get(each.whose, {}).pop(each.pattern, None)
        for each in new.values():
            self._remember(each)
        return self.of(whose)

    async def forget(self, whose: Whose) -> None:
        """Its own switches: it is as everybody again, or is there no more. Raises
        UnavailableError."""
        await self._table.save((), self.of(whose))
        self._patterns.pop(whose.key, None)

    # ---------------------------------------------------------------------------------------

    def _remember(self, switch: Switch) -> None:
        own = self._patterns.setdefault(switch.whose, {})
        own.pop(switch.pattern, None)  # set again, it stands last
        own[switch.pattern] = switch.is_on

    def _decided(self, alias: str, keys: Iterable[str]) -> bool | None:
        for key in keys:
            if own := self._patterns.get(key):
                decided = _last(own, alias)
                if decided is not None:
                    return decided
        return None


def _keys(behalf: Behalf) -> Iterator[str]:
    """The most particular first."""
    if behalf.token_id:
        yield f"token:{behalf.token_id}"
    if behalf.client_id:
        yield f"client:{behalf.client_id}"
    if behalf.profile:
        yield f"profile:{behalf.profile}"
    yield ""


def _last(own: dict[str, bool], alias: str) -> bool | None:
    """What the last pattern says that fits."""
    for pattern, is_on in reversed(own.items()):
        if pattern == alias or fnmatchcase(alias, pattern):
            return is_on
    return None


def _is_covered(old: Switch, new: Mapping[str, Switch]) -> bool:
    """Whether all that fits it fits a newer one: it is a name, or begins as that one does."""
    for pattern in new:
        if pattern == "*":
            return True
        start, star, rest = pattern.partition("*")
        if star and not rest and old.pattern.startswith(start) and not _has_wild(start):
            return True
    return False


def _has_wild(text: str) -> bool:
    return any(each in text for each in "?[")
