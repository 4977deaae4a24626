"""Everything that other programs are served, to each its own."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import msgspec
import structlog

from pichat.errors import (
    NotAllowedError,
    NotFoundError,
    PiChatError,
)
from pichat.events import ToolCall
from pichat.gateway.agents import house, prompts, resources
from pichat.gateway.agents.asked import Asked
from pichat.gateway.agents.served import Served, load_served
from pichat.gateway.door.caller import Caller, admit, reaches
from pichat.gateway.people import as_known
from pichat.gateway.services import Services
from pichat.mcp.depth import DEEPEST
from pichat.mcp.server.base import (
    Call,
    Done,
    Json,
    Progress,
    ServedPrompt,
    ServedResource,
    ServedTool,
)
from pichat.store.audit import Line, on_record

log = structlog.get_logger(__name__)


class Offer:
    """Implements mcp.server.base.House. What a caller may is looked up anew each time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._served = load_served()
        if both := self._served.keys() & services.tools.tools.keys():
            raise RuntimeError(f"the tool {min(both)!r} is there twice")

    # --- tools ---------------------------------------------------------------------------------

    def tools(self, who: Caller) -> Sequence[ServedTool]:
        """See House. Each in one order, whatever is on."""
        caller = self._known(who)
        found = house.house_tools(self._services)
        found += [each.tool for each in self._served.values() if reaches(caller.scope, each.needs)]
        found.sort(key=lambda tool: tool.name)
        found += house.passed_on(self._services, caller)
        return [tool for tool in found if house.may_use(self._services, caller, tool.name)]

    async def call(self, who: Caller, call: Call, progress: Progress) -> Done:
        """See House."""
        caller = self._known(who)
        asked = Asked(
            services=self._services,
            caller=caller,
            progress=progress,
            depth=call.depth,
            talk=call.talk,
        )
        self._check_there(caller, call.name)
        try:
            return await self._do(asked, call)
        except PiChatError as error:
            return Done(text=error.sentence, failed=True, code=error.code)
        except Exception:  # the program's boundary: what is not known leaves only an id
            log.exception("tool failed", tool=call.name, log_id=asked.turn_id)
            defect = PiChatError.unexpected(asked.turn_id)
            return Done(text=defect.sentence, failed=True, code=defect.code)

    async def _do(self, asked: Asked, call: Call) -> Done:
        if call.depth > DEEPEST:
            raise NotAllowedError(
                f"Programs have asked each other {call.depth} times already; that is where it ends."
            )
        if not house.may_use(self._services, asked.caller, call.name):
            raise NotAllowedError(f"The tool “{call.name}” is not among those that may be used.")
        served = self._served.get(call.name)
        if served is not None:
            return await self._do_served(asked, served, call.arguments)
        if call.name in self._services.tools.tools:
            return await house.use(asked, call.name, call.arguments)
        return await house.use_elsewhere(asked, call.name, call.arguments)

    async def _do_served(self, asked: Asked, served: Served, arguments: Json) -> Done:
        """The house's own tools have their line in the audit from elsewhere."""
        shown = {k: value for k, value in arguments.items() if k not in served.private}
        with self._on_record(asked, ToolCall(name=served.tool.name, arguments=shown)) as line:
            admit(asked.caller, served.needs)
            value = msgspec.to_builtins(await served.handler(asked, arguments))
            code = value.get("code")
            line.outcome = code or "ok"
        return Done(text=_text(value), value=value, failed=code is not None, code=code)

    def _on_record(self, asked: Asked, call: ToolCall) -> AbstractContextManager[Line]:
        """One line for the call, however it ends."""
        audit = self._services.agents.audit
        if audit is not None:
            audit.admit()

        def write(line: Line) -> None:
            if audit is not None:
                audit.add(asked.turn_id, "agent", call, line.outcome)

        return on_record(Line(), write)

    def _check_there(self, caller: Caller, name: str) -> None:
        """Raises NotFoundError. One that is there and that the caller may not use is refused in
        words that a model can read."""
        known = name in self._served or name in self._services.tools.tools
        if not known and not house.is_passed_on(self._services, caller, name):
            raise NotFoundError(f"There is no tool “{name[:64]}”.")

    # --- resources -----------------------------------------------------------------------------

    def resources(self, who: Caller) -> Sequence[ServedResource]:
        """See House."""
        return resources.resources(self._services, self._known(who))

    def templates(self, who: Caller) -> Sequence[ServedResource]:
        """See House."""
        return resources.templates(self._known(who))

    async def read(self, who: Caller, uri: str) -> Any:
        """See House."""
        return await resources.read(self._services, self._known(who), uri)

    async def may_follow(self, who: Caller, uri: str) -> bool:
        """See House."""
        return await resources.may_follow(self._services, self._known(who), uri)

    # --- prompts -------------------------------------------------------------------------------

    def prompts(self, who: Caller) -> Sequence[ServedPrompt]:
        """See House."""
        self._known(who)
        return prompts.prompts(self._services)

    def prompt(self, who: Caller, name: str, arguments: dict[str, str]) -> str:
        """See House."""
        self._known(who)
        return prompts.prompt(self._services, name, arguments)

    def complete(
        self, who: Caller, kind: Literal["prompt", "resource"], name: str, argument: str
    ) -> Sequence[str]:
        """See House."""
        self._known(who)
        looked_up = prompts.values if kind == "prompt" else resources.values
        return [*looked_up(self._services, name, argument)]

    def _known(self, who: Caller) -> Caller:
        """With no more than its person may. Raises UnauthenticatedError and NotAllowedError."""
        caller = as_known(self._services, who)
        admit(caller, "agent")
        return caller


def _text(value: Json) -> str:
    """For programs that read no structured results: what was said, or the JSON."""
    for key in ("text", "message"):
        if isinstance(value.get(key), str):
            return str(value[key])
    return msgspec.json.encode(value).decode()
