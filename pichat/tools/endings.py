"""What came of the last questions, for whoever asked: a program that cannot say yes itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import msgspec

from pichat.errors import CancelledByUserError, NotFoundError, PiChatError
from pichat.events import ToolResult

_MOST = 256


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting`: nobody has answered yet, or what was allowed is being done. After a yes there is a
    `result`, or a `code` and `error`, a sentence, where nothing could be tried."""

    answer: Literal["waiting", "yes", "no", "expired"] = "waiting"
    result: ToolResult | None = None
    code: str | None = None
    error: str | None = None


class Endings:
    """Knows the newest questions."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Ending] = OrderedDict()
        self._news = asyncio.Event()

    def tell(self, question_id: str, ending: Ending) -> None:
        self._known[question_id] = ending
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        self._news.set()
        self._news = asyncio.Event()

    @contextmanager
    def after_yes(self, question_id: str) -> Iterator[Callable[[ToolResult], ToolResult]]:
        """While it is carried out; hand the result to what this yields."""

        ending = _DEFECT

        def keep(result: ToolResult) -> ToolResult:
            nonlocal ending
            ending = Ending(answer="yes", result=result)
            return result

        try:
            yield keep
        except PiChatError as error:
            ending = Ending(answer="yes", code=error.code, error=error.sentence)
            raise
        except asyncio.CancelledError:
            ending = _TAKEN_BACK
            raise
        finally:
            self.tell(question_id, ending)

    async def of(self, question_id: str, wait_s: float) -> Ending:
        """What came of it, as soon as it is there, or `waiting` after so long. Raises NotFoundError
        for a question that nobody asked, or long ago."""
        try:
            async with asyncio.timeout(wait_s):
                while self._get(question_id).answer == "waiting":
                    await self._news.wait()
        except TimeoutError:
            pass
        return self._get(question_id)

    def _get(self, question_id: str) -> Ending:
        found = self._known.get(question_id)
        if found is None:
            raise NotFoundError("No such question is known here (any more).")
        return found


_TAKEN_BACK = Ending(
    answer="yes", code=CancelledByUserError.code, error="Whoever said yes took it back."
)
_DEFECT = Ending(
    answer="yes", code=PiChatError.code, error="Something went wrong inside PiChat; see its log."
)
