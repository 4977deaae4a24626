"""Whether what was said so far is a whole command, and whether more could change it.

The templates of the language are followed as far as the text goes. Where they go on, the slots
that they could still fill tell whether the command would become another one: "turn off the lights"
becomes another with a room, "turn on the kitchen light" stays the same with a "please".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from pichat.events import Device, ToolCall
from pichat.intents.complete import Completeness
from pichat.intents.language import Language
from pichat.intents.lexicon import Value
from pichat.intents.match import HANDLERS, Match
from pichat.intents.prefix import Ahead, Block, Filled, Grammar, Hole, Template, Ways, Whole, read
from pichat.intents.understood import Understood

_REMEMBERED = 512
_TRIES = 200
"""How many ways of filling a template's open slots are tried; nearly always the first will do."""

_SPREAD = 6
"""How many values stand for those of a slot that holds no name and no room: the handlers ask
which devices there are, seldom how bright they shall be."""


Calls = tuple[ToolCall, ...]
Understand = Callable[[str, str | None], Understood | None]


_NOTHING: Calls = (ToolCall(name="nothing", arguments={}),)
"""What "never mind" asks for."""


class Judge:
    """Judges texts about one house, as it was when the judge was made. One thread at a time."""

    def __init__(
        self,
        language: Language,
        lists: dict[str, Any],
        devices: Sequence[Device],
        understand: Understand,
    ) -> None:
        self._grammar = Grammar(language, lists)
        self._devices = tuple(devices)
        self._understand = understand
        self._ways = Ways()
        self._alive: OrderedDict[str, list[Template]] = OrderedDict()
        self._known: OrderedDict[tuple[str, str | None], Completeness] = OrderedDict()

    def judge(self, text: str, area: str | None) -> Completeness:
        """See Completeness. `area` is the room where it is said, when known."""
        key = (text, area)
        if key not in self._known:
            self._known[key] = self._padded(text, area)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    def _padded(self, text: str, area: str | None) -> Completeness:
        """A text that is or ends with half a politeness goes on: "could you", "… off for"."""
        found = self._judge(text, area)
        if found is not Completeness.UNKNOWN or not text.strip():
            return found
        bare = self._grammar.without_begun_padding(text)
        if bare == text or (bare and self._judge(bare, area) is Completeness.UNKNOWN):
            return Completeness.UNKNOWN
        return Completeness.OPEN

    def _judge(self, text: str, area: str | None) -> Completeness:
        found = [reading for one in self._grammar.said(text) for reading in self._read(one)]
        wholes = [one for one in found if isinstance(one, Whole)]
        asked = [self._calls(one.block, one.filled, area) for one in wholes]
        calls = self._meant(text, area, wholes, asked)
        said = _said(wholes) if calls else set()
        for becoming, more in self._becoming(found, said, area):
            # A name may also be read as a room and a kind ("kitchen light"): what such a reading
            # asks for is no change when it is only worded at greater length.
            if becoming != calls and (more or becoming not in asked or _differ(becoming, calls)):
                return Completeness.WHOLE if calls else Completeness.OPEN
        return Completeness.COMPLETE if calls else Completeness.UNKNOWN

    def _meant(
        self, text: str, area: str | None, wholes: Sequence[Whole], asked: Sequence[Calls]
    ) -> Calls:
        """What the text asks for as it stands. Where readings differ, names go first as they do
        in `understand`, which is asked when that does not settle it."""
        by_name = [
            calls
            for one, calls in zip(wholes, asked, strict=True)
            if any(slot == "name" for slot, _ in one.filled)
        ]
        best = by_name or asked
        if not best or all(calls == best[0] for calls in best):
            return best[0] if best else ()
        understood = self._understand(text, area)
        return (understood.calls or _NOTHING) if understood else ()

    def _read(self, text: str) -> list[Whole | Ahead]:
        """Follow the templates that went along with the text's first words."""
        templates: Sequence[Template] = self._grammar.templates
        spaces = [at for at, letter in enumerate(text) if letter == " "]
        for at in spaces[:-1]:
            templates = self._going_along(text[: at + 1], templates)
        return [reading for template in templates for reading in read(template, text)]

    def _going_along(self, beginning: str, templates: Sequence[Template]) -> Sequence[Template]:
        alive = self._alive.get(beginning)
        if alive is None:
            alive = [one for one in templates if next(read(one, beginning), None) is not None]
            self._alive[beginning] = alive
            if len(self._alive) > _REMEMBERED:
                self._alive.popitem(last=False)
        return alive

    def _becoming(
        self, found: Sequence[Whole | Ahead], said: set[str], area: str | None
    ) -> Iterator[tuple[Calls, bool]]:
        """What the text can become by going on, apart from naming more of what was `said`; and
        whether that fills another slot."""
        tried = set()
        for one in found:
            if isinstance(one, Whole):
                continue
            for holes in self._ways.of(one.rest):
                slots = [one.begun[0]] if one.begun else []
                slots += [hole.slot for hole in holes]
                if said and _only_adds([slot for slot, _ in one.filled], slots, said):
                    continue
                key = (id(one.block), one.filled, one.begun and id(one.begun), holes)
                if key in tried:
                    continue
                tried.add(key)
                for filling in islice(_fillings(one, holes), _TRIES):
                    if calls := self._calls(one.block, filling, area):
                        yield calls, bool(slots)

    def _calls(self, block: Block, filled: Sequence[Filled], area: str | None) -> Calls:
        """What the filled template asks for in this house; () when it means nothing."""
        from hassil.util import check_excluded_context, check_required_context

        context: dict[str, Any] = {"area": area} if area else {}
        for _, value in filled:
            if not check_required_context(block.required, value.context, allow_missing_keys=True):
                return ()
            context.update(value.context)
        if not check_required_context(block.required, context):
            return ()
        if block.excluded and not check_excluded_context(block.excluded, context):
            return ()
        slots = {**block.slots, **{slot: value.out for slot, value in filled}}
        areas = [str(value.out) for slot, value in filled if slot == "area"]
        if area and not areas and "area" in block.required:
            slots["area"] = area
            areas = [area]
        match = Match(
            intent=block.intent,
            response=block.response,
            slots=slots,
            named=tuple(value.ids for slot, value in filled if slot == "name" and value.ids),
            areas=tuple(dict.fromkeys(areas)),
            here=area,
            devices=self._devices,
        )
        meaning = HANDLERS[block.intent](match)
        return (meaning.calls or _NOTHING) if meaning else ()


def _differ(some: Calls, others: Calls) -> bool:
    """Whether they ask for different things, whatever devices they ask it of."""

    def asked(calls: Calls) -> list[tuple[str, dict[str, Any]]]:
        return [(c.name, {**c.arguments, "target": None}) for c in calls]

    return asked(some) != asked(others)


def _said(wholes: Sequence[Whole]) -> set[str]:
    """The slots that a whole reading fills; `name` only when it can mean but one device."""
    filled = [one for whole in wholes for one in whole.filled]
    return {slot for slot, value in filled if slot != "name" or len(value.ids) == 1}


def _only_adds(filled: Sequence[str], slots: Sequence[str], said: set[str]) -> bool:
    """Whether filling `slots` as well names one more of the same ("and the hallway light"), or the
    room of a device that is known by its name."""
    again = any(slot in said and slot in filled for slot in slots)
    return again or ("area" in slots and "name" in said and "name" in filled)


def _fillings(ahead: Ahead, holes: Sequence[Hole]) -> Iterator[tuple[Filled, ...]]:
    choices: list[list[Filled]] = []
    if ahead.begun:
        slot, values = ahead.begun
        choices.append([(slot, value) for value in _some(slot, values)])
    choices += [[(hole.slot, value) for value in _some(hole.slot, hole.values())] for hole in holes]
    for filling in product(*choices):
        yield (*ahead.filled, *filling)


def _some(slot: str, values: list[Value]) -> list[Value]:
    if slot in ("name", "area") or len(values) <= _SPREAD:
        return values
    step = (len(values) - 1) / (_SPREAD - 1)
    return [values[round(step * at)] for at in range(_SPREAD)]
