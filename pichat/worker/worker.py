"""One model in one child process, from the daemon's side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, Literal, Self, TypeVar

import msgspec
import structlog

from pichat.errors import BusyError, PiChatError, UnavailableError
from pichat.health import Health
from pichat.worker.child import Child, ChildEndedError
from pichat.worker.keeper import Keeper, Model
from pichat.worker.messages import Cancel, Done, Failed, Piece, Run
from pichat.worker.order import Order

log = structlog.get_logger(__name__)
P = TypeVar("P")
Stage = Literal["unloaded", "loading", "idle", "busy"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`idle_s`: unloaded after so long without a request. `let_go_s`: how long the child may take
    to notice that it was cancelled, before it is killed. `waiting`: requests beside the one that
    is answered; for one more there is BusyError."""

    idle_s: float = 300.0
    load_s: float = 120.0
    let_go_s: float = 1.0
    waiting: int = 4


class Worker(Generic[P]):
    """`async with Worker(…)`: answers requests for as long as the context lasts, starting and
    ending the child as needed. A piece of an answer is a `P`, checked when it arrives."""

    def __init__(
        self,
        model: Model,
        pieces: Any,
        health: Health,
        limits: Limits | None = None,
        on_loading: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`pieces`: the type P. `on_loading`: told how much is loaded, 0 to 1."""
        self._model = model
        self._pieces = pieces
        self._limits = limits or Limits()
        self._keeper = Keeper(model, health, self._limits.load_s, on_loading)
        self._orders: list[Order] = []
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._number = 0
        self.stage: Stage = "unloaded"

    @property
    def pid(self) -> int | None:
        """The child's, while there is one."""
        child = self._keeper.child
        return None if child is None or child.ended else child.pid

    async def __aenter__(self) -> Self:
        await self._keeper.inspect()
        self._serving = asyncio.create_task(self._serve(), name=f"worker {self._model.part}")
        return self

    async def __aexit__(self, *_: object) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            await asyncio.wait([serving])
        for order in self._orders:
            order.abandon(self._stopping())

    @asynccontextmanager
    async def run(self, request: Any, *, deadline_s: float) -> AsyncIterator[AsyncIterator[P]]:
        """The pieces of the answer, complete within `deadline_s` from now, loading included.
        Leaving the context early cancels the rest.

        Raises BusyError when too many wait. Reading the pieces raises UnavailableError when the
        model cannot be loaded, has crashed, or was too slow, and what the job itself raises.
        """
        order = self._place(request, deadline_s)
        try:
            yield self._checked(order)
        finally:
            order.abandon()

    async def load(self) -> None:
        """Load now what the next request would have to wait for. Raises like `run`."""
        async with self.run(None, deadline_s=self._limits.load_s) as pieces:
            async for _ in pieces:
                pass

    def _place(self, request: Any, deadline_s: float) -> Order:
        if self._serving is None:
            raise self._stopping()
        self._orders = [order for order in self._orders if not order.over.is_set()]
        if len(self._orders) >= self._limits.waiting:
            raise BusyError(f"The {self._model.name} has too much to do already.")
        order = Order(request, deadline_s, self._model.name)
        self._orders.append(order)
        self._news.set()
        return order

    def _stopping(self) -> UnavailableError:
        return UnavailableError(f"The {self._model.name} is being stopped.")

    async def _checked(self, order: Order) -> AsyncIterator[P]:
        async for item in order.pieces():
            yield msgspec.convert(item, self._pieces)

    async def _serve(self) -> None:
        order: Order | None = None
        try:
            while True:
                order = await self._next()
                if order is not None:
                    await self._answer_or_fail(order)
                elif self._keeper.child is not None:
                    log.info("worker unloaded", part=self._model.part)
                    await self._drop()
        finally:
            if order is not None:
                order.abandon(self._stopping())
            await self._drop()

    async def _next(self) -> Order | None:
        """The next request that somebody still waits for; None when the child is not needed."""
        while True:
            while self._orders:
                order = self._orders.pop(0)
                if not order.over.is_set():
                    return order
            self._news.clear()
            idle_s = None if self._keeper.child is None else self._limits.idle_s
            try:
                async with asyncio.timeout(idle_s):
                    await self._news.wait()
            except TimeoutError:
                return None

    async def _drop(self, *, kill: bool = False) -> None:
        await self._keeper.drop(kill=kill)
        self.stage = "unloaded"

    async def _answer_or_fail(self, order: Order) -> None:
        try:
            await self._answer(order)
        except PiChatError as error:
            await order.end(error)
        except Exception:  # the owner's boundary: a defect must not end all later answers
            log.exception("worker failed", part=self._model.part)
            order.abandon(UnavailableError(f"The {self._model.name} failed."))
            await self._drop(kill=True)
        self.stage = "unloaded" if self._keeper.child is None else "idle"

    async def _answer(self, order: Order) -> None:
        order.stage = self.stage = "loading"
        child = await self._keeper.loaded()
        if order.request is None or order.over.is_set():
            await order.end()
            return
        order.stage = "running"
        self.stage = "busy"
        self._number += 1
        outcome = await self._outcome(child, order)
        if isinstance(outcome, Done | Failed):
            self._keeper.worked()
            await order.end(self._error(outcome))
            return
        await self._drop(kill=True)
        if outcome == "crashed":
            child.complain()
            self._keeper.failed(f"crashed ({child.ending})")
            name, doing = self._model.name, self._model.doing
            await order.end(UnavailableError(f"The {name} crashed while it was {doing}."))
        elif order.late:
            self._keeper.failed("did not answer in time")

    async def _outcome(
        self, child: Child, order: Order
    ) -> Done | Failed | Literal["crashed", "hung"]:
        """Relays the answer until it is complete, or until the child let go of it."""
        relaying = asyncio.create_task(self._relay(child, order))
        over = asyncio.create_task(order.over.wait())
        try:
            await asyncio.wait({relaying, over}, return_when=asyncio.FIRST_COMPLETED)
            if not relaying.done():
                child.post(Cancel(self._number))
                await asyncio.wait({relaying}, timeout=self._limits.let_go_s)
        finally:
            relaying.cancel()
            over.cancel()
            await asyncio.wait({relaying, over})
        if relaying.cancelled():
            return "hung"
        try:
            return relaying.result()
        except ChildEndedError:
            return "crashed"

    async def _relay(self, child: Child, order: Order) -> Done | Failed:
        """The child's answer to its end, whether or not somebody still reads it."""
        await child.send(Run(self._number, order.request))
        while not isinstance(message := await child.receive(), Done | Failed):
            if isinstance(message, Piece):
                await order.put(message.item)
        return message

    def _error(self, message: Done | Failed) -> PiChatError | None:
        if isinstance(message, Done):
            return None
        if message.code is not None:
            return PiChatError.of(message.code, message.reason)
        log.error("worker's job failed", part=self._model.part, error=message.reason)
        return UnavailableError(f"The {self._model.name} failed while it was {self._model.doing}.")
