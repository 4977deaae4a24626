"""What a tool is, and the box that runs it: one check, one confirmation, one audit line, for every
caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import structs

from pichat.bus import Bus
from pichat.errors import (
    BadRequestError,
    NotAllowedError,
    NotFoundError,
    OutsideError,
)
from pichat.events import (
    Device,
    ScreenCommand,
    Shown,
    Source,
    ToolCall,
    ToolResult,
)
from pichat.store.audit import Audit, Line, on_record
from pichat.tools.endings import Ending, Endings
from pichat.tools.house import House
from pichat.tools.patterns import permits
from pichat.tools.questions import PEOPLE, Asked, Questions
from pichat.tools.remote import FIND_TOOLS, Behalf, Progress, RemoteTools
from pichat.tools.wary import WaryHouse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pichat.events import Question

Permission = Literal["read", "act", "show"]
"""What a tool does to the world: nothing, something in the house, something on the screens."""


Show = Callable[[ScreenCommand], Awaitable[Shown]]


async def nobody_shows(_: ScreenCommand) -> Shown:
    """Where there are no screens."""
    return Shown()


class Reach(msgspec.Struct, frozen=True):
    """What a handler can get at. `show` puts something on the screens; it raises NotFoundError for
    one that is not there."""

    house: House
    show: Show


class NoArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For tools that need none."""


Handler = Callable[[Reach, Any], Awaitable[ToolResult]]


class Needed(msgspec.Struct, frozen=True):
    """The yes that a call needs: for which devices, and the question in a language."""

    devices: tuple[Device, ...]
    question: Callable[[str], str]


Guard = Callable[[House, Any], Needed | None]
"""Whether a call needs a person's yes. Raises a PiChatError where nothing could be tried."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """`arguments` is the msgspec type that the JSON arguments are converted to. One that is
    `people_only` is not offered to models, nor carried out for them."""

    name: str
    description: str
    permission: Permission
    arguments: type[msgspec.Struct]
    handler: Handler
    guard: Guard | None = None
    told_when: Callable[[Sequence[Device]], object] | None = None
    people_only: bool = False


REGISTRY: dict[str, Tool] = {}


def tool(
    name: str,
    arguments: type[msgspec.Struct],
    permission: Permission,
    *,
    guard: Guard | None = None,
    told_when: Callable[[Sequence[Device]], object] | None = None,
) -> Callable[[Handler], Handler]:
    """Register the decorated handler; its docstring is the description. `told_when`: of which
    houses it is of use, so that models need not know of it in others."""

    def register(handler: Handler) -> Handler:
        if name in REGISTRY:
            raise TypeError(f"tool {name!r} is registered twice")
        if permission == "act" and guard is None:
            raise TypeError(f"tool {name!r} acts and has no guard")
        REGISTRY[name] = Tool(
            name=name,
            description=" ".join((handler.__doc__ or "").split()),
            permission=permission,
            arguments=arguments,
            handler=handler,
            guard=guard,
            told_when=told_when,
        )
        return handler

    return register


class Toolbox:
    """Runs tools. The arguments are validated before a handler sees them.

    `bus` hears of questions; without one nobody does. `language` is the one to ask in, `show` puts
    something on the screens. `remote`: the tools of other programs, if there may be any.
    """

    def __init__(
        self,
        house: House,
        audit: Audit,
        tools: dict[str, Tool],
        bus: Bus | None = None,
        *,
        language: str = "en",
        show: Show = nobody_shows,
        remote: RemoteTools | None = None,
    ) -> None:
        self._house = house
        self._audit = audit
        self._tools = tools
        self._bus = bus or Bus()
        self._language = language
        self._reach = Reach(house, show)
        self.remote = remote
        self.questions = Questions(self._bus, self._expired)
        self.endings = Endings()

    @property
    def tools(self) -> dict[str, Tool]:
        """Every tool of the house by its name."""
        return dict(self._tools)

    def names(self) -> Iterable[str]:
        """Of every tool, those of other programs among them."""
        return [*self._tools, *(self.remote.names() if self.remote else ())]

    async def call(
        self,
        call: ToolCall,
        *,
        source: Source,
        turn_id: str,
        conversation_id: str = "",
        outside: bool = False,
        allowed: Sequence[str] | None = None,
        behind: Source | None = None,
        behalf: Behalf | None = None,
        progress: Progress | None = None,
    ) -> ToolResult:
        """The tool's result. A device that failed is an outcome in it, not an error; raises a
        PiChatError when nothing could be tried (unknown tool, bad arguments, no such device).

        Where a marked device would be opened or changed, nothing is done: the result has a question
        for a person. With `outside` (whoever asks has read text from outside the house in this
        turn) there is none, but an OutsideError. `allowed` are patterns of names, None for all;
        another tool is a NotAllowedError. `behind`: whose wish a model follows. For a guest's,
        every lock and siren counts as marked. `behalf` and `progress` are for tools of other
        programs, which raise what RemoteTools.call does: for whom it is beside all that, and who
        hears how far it is.
        """
        if self.remote is not None and self.remote.knows(call.name):
            behalf = structs.replace(
                behalf or Behalf(source=source),
                source=source,
                behind=behind,
                turn_id=turn_id,
                conversation_id=conversation_id,
                allowed=None if allowed is None else tuple(allowed),
            )
            with self._on_record(call, source, turn_id) as line:
                return line.done(await self._elsewhere(self.remote, call, behalf, progress))
        house = WaryHouse(self._house) if "guest" in (source, behind) else self._house
        with self._on_record(call, source, turn_id) as line:
            found, arguments = self._checked(call, allowed, source)
            needed = found.guard(house, arguments) if found.guard else None
            if needed is None:
                return line.done(await found.handler(self._reach, arguments))
            if outside:
                raise OutsideError(_OUTSIDE)
            ids = frozenset(device.id for device in needed.devices)
            asked = Asked(call, needed.question(self._language), ids, source)
            question = self.questions.ask(asked, turn_id=turn_id, conversation_id=conversation_id)
            self.endings.tell(question.id, Ending())
            return line.asked(question)

    async def _elsewhere(
        self, remote: RemoteTools, call: ToolCall, behalf: Behalf, progress: Progress | None
    ) -> ToolResult:
        """Whatever it says, it is from outside; what finds tools tells of no other."""
        if call.name != FIND_TOOLS and not behalf.permits(call.name):
            raise NotAllowedError(_NOT_PERMITTED.format(call.name))
        return structs.replace(await remote.call(call, behalf, progress), outside=True)

    async def confirm(
        self,
        question_id: str,
        *,
        yes: bool,
        source: Source,
        turn_id: str,
        allowed: Sequence[str] | None = None,
    ) -> ToolResult:
        """Answer an open question: the call's result, an empty one after a no. Raises NotFoundError
        when nothing waits any more, NotAllowedError when the answer does not count (a guest's or a
        model's, one from the turn that asked, or of whom the tool is not `allowed`), and what
        `call` raises."""
        self._audit.admit()
        question, asked = self.questions.answer(
            question_id, yes=yes, source=source, turn_id=turn_id, allowed=allowed
        )
        if not yes:
            self._audit.add(question.turn_id, asked.source, asked.call, "declined", source)
            self.endings.tell(question.id, Ending(answer="no"))
            return ToolResult()
        with (
            self.endings.after_yes(question.id) as keep,
            self._on_record(asked.call, asked.source, question.turn_id, source) as line,
        ):
            found, arguments = self._checked(asked.call, None, asked.source)
            needed = found.guard(self._house, arguments) if found.guard else None
            if needed and not asked.devices.issuperset(device.id for device in needed.devices):
                raise NotAllowedError("The house has changed since that was asked; ask again.")
            return keep(line.done(await found.handler(self._reach, arguments)))

    async def came_of(self, question_id: str, wait_s: float) -> Ending:
        """What came of a question, waiting so long for it. Raises NotFoundError for one that is not
        known (any more)."""
        return await self.endings.of(question_id, wait_s)

    def open_questions(self) -> tuple[Question, ...]:
        """What waits for an answer, oldest first."""
        return self.questions.open()

    def _checked(
        self, call: ToolCall, allowed: Sequence[str] | None, source: Source
    ) -> tuple[Tool, Any]:
        """The tool and its arguments."""
        found = self._tools.get(call.name)
        if found is None:
            raise NotFoundError(f"There is no tool called “{call.name}”.")
        if not permits(allowed, call.name) or (found.people_only and source not in PEOPLE):
            raise NotAllowedError(_NOT_PERMITTED.format(call.name))
        try:
            return found, msgspec.convert(call.arguments, found.arguments)
        except msgspec.ValidationError as error:
            raise BadRequestError(f"{call.name}: {error}.") from error

    def _on_record(
        self, call: ToolCall, source: Source, turn_id: str, confirmed_by: Source | None = None
    ) -> AbstractContextManager[_Line]:
        """One audit line for what happens in the context, however it ends."""
        self._audit.admit()

        def write(line: _Line) -> None:
            self._audit.add(turn_id, source, call, line.outcome, confirmed_by)

        return on_record(_Line(), write)

    def _expired(self, question: Question, asked: Asked) -> None:
        self._audit.add(question.turn_id, asked.source, asked.call, "expired")
        self.endings.tell(question.id, Ending(answer="expired"))


_NOT_PERMITTED = "The tool “{}” is not among those that may be used."
_OUTSIDE = (
    "That needs a person's own wish: text from outside the house was read, and could be behind it."
)


class _Line(Line):
    """How a call ended, for the audit."""

    def done(self, result: ToolResult) -> ToolResult:
        failed = next((o.error_code for o in result.outcomes if o.error_code), None)
        self.outcome = failed or ("failed" if result.failed else "ok")
        return result

    def asked(self, question: Question) -> ToolResult:
        self.outcome = "asked"
        return ToolResult(question=question)
