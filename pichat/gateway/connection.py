"""One client: its requests, each a task that it owns, and everything that is written to it.

A reply waits while much is unread, so that a stream goes no faster than it is read; an event does
not wait for anybody. A client that leaves too much unread, or for too long, is disconnected and
costs nobody else anything.
"""

import asyncio
import uuid
from collections.abc import Container, Coroutine
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog
from aiohttp import WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from pichat.errors import BadRequestError, BusyError, CancelledByUserError, PiChatError
from pichat.gateway.context import ClientGoneError, Context, Topic
from pichat.gateway.door.caller import Caller, admit
from pichat.gateway.door.entrances import CALLER
from pichat.gateway.door.limits import Allowance, TooManyRequestsError
from pichat.gateway.door.stranger import Stranger
from pichat.gateway.feed import Feed
from pichat.gateway.frames import FrameError, read_request
from pichat.gateway.people import as_known
from pichat.gateway.protocol import (
    CompleteReply,
    ErrorPayload,
    ErrorReply,
    Reply,
    Request,
    encode,
    new_id,
)
from pichat.gateway.registry import Action, find_action, read_payload
from pichat.gateway.services import Services
from pichat.gateway.sound import IncomingSound
from pichat.gateway.wire import Wire, binary_frame, text_frame

log = structlog.get_logger(__name__)

MAX_IN_FLIGHT = 32
_END_S = 5.0
_GOODBYE_S = 2.0  # for a client that does not read
_LONGEST_PAUSE_S = 0.25  # before the next frame of a client that asks too often is read
UNAUTHENTICATED = 4401
"""The close code of a WebSocket that may not come in, after HTTP's 401."""

_REQUEST: ContextVar[asyncio.Task[None] | None] = ContextVar("request", default=None)
"""The request that the code that runs is for."""


class _Running:
    """A request in flight. `ended_by_user`: cancelling it is answered, unlike a lost client."""

    __slots__ = ("answered", "ended_by_user", "task")

    def __init__(self, task: asyncio.Task[None]) -> None:
        self.task = task
        self.ended_by_user = False
        self.answered = False


def explain(error: Exception, request_id: str, action: str | None) -> ErrorReply:
    """The one place that turns an error into a reply. What is not known leaves only an id."""
    if not isinstance(error, PiChatError):
        log_id = new_id()
        log.error("request failed", log_id=log_id, action=action, exc_info=error)
        error = PiChatError.unexpected(log_id)
    payload = ErrorPayload(
        code=error.code, message=error.sentence, action=action, retryable=error.retryable
    )
    return ErrorReply(request_id=request_id, error=error.sentence, payload=payload)


class Connection:
    """See `pichat.gateway.context.Client` and `pichat.gateway.feed.Listener`."""

    def __init__(
        self,
        socket: "web.WebSocketResponse[Any]",
        request: web.Request,
        writer: AbstractStreamWriter,
        services: Services,
        actions: dict[str, Action],
        feed: Feed,
        takes_clips: Container[str],
    ) -> None:
        self.id = new_id()
        self.caller = request.get(CALLER)
        self.address = request.remote
        self.conversation_id = uuid.uuid4().hex
        self.sound: IncomingSound | None = None
        self._socket = socket
        self._wire = Wire(socket, request, writer)
        self._services = services
        self._actions = actions
        self._takes_clips = takes_clips
        self._feed = feed
        self._running: dict[str, _Running] = {}
        self._grace: asyncio.TimerHandle | None = None  # until it has to have said who it is
        self._goodbye: asyncio.Task[None] | None = None
        self._stranger = Stranger(request.protocol, self._refuse)
        self._allowance: Allowance | None = None

    async def serve(self) -> None:
        """Read and answer until the client goes. Never raises for what a client does."""
        self._services.door.visitors.enter(self)
        self.become(self.caller)
        try:
            async for message in self._socket:
                if self.caller is None and not self._stranger.may_send(message):
                    continue
                if message.type is WSMsgType.TEXT:
                    await self._text(message.data)
                elif message.type is WSMsgType.BINARY:
                    await self._binary(message.data)
        except ClientGoneError:
            pass
        finally:
            self._services.door.visitors.leave(self)
            if self.caller is not None:
                self._services.door.tokens.used(self.caller.id)
            self._end_grace()
            self._feed.leave(self)
            await self._end_requests()
            self._services.turns.forget(self.conversation_id)
            if self._goodbye is not None:
                await asyncio.wait([self._goodbye])

    # --- who it is -------------------------------------------------------------------------

    def become(self, caller: Caller | None) -> None:
        """It has said who it is; None: it failed to, and has a little while to do so. What it
        heard as somebody else it hears no more."""
        if caller != self.caller:
            self._feed.leave(self)
        self.caller = caller
        self._end_grace()
        door = self._services.door
        local = caller is not None and caller.local
        token_id = caller.id if caller is not None else None
        self._allowance = None if local else door.limits.allowance(self.address, token_id)
        self._stranger.known = caller is not None
        if caller is None:
            self._grace = asyncio.get_running_loop().call_later(
                door.patience_s, self.turn_out, "Nobody said who this is."
            )

    def _refuse(self, error: PiChatError) -> None:
        """Tell a stranger why, and close."""
        frame = encode(explain(error, new_id(), None))
        self.post(text_frame(frame))
        self.turn_out(error.sentence)

    def turn_out(self, reason: str) -> None:
        """Close it at once, with what is under way, as one that may not come in. Only the request
        that itself brought that about is still answered."""
        self.caller = None
        self._feed.leave(self)
        tasks = {running.task for running in self._running.values()}
        last = tasks & {_REQUEST.get()}
        for task in tasks - last:
            task.cancel()
        if self._goodbye is None:
            self._goodbye = asyncio.create_task(self._leave(reason, last), name="turning out")

    async def _leave(self, reason: str, last: set[asyncio.Task[None]]) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_S):
                if last:
                    await asyncio.wait(last)
                await self._socket.close(code=UNAUTHENTICATED, message=reason.encode())
        except TimeoutError:
            self.drop(reason)

    def _end_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    # --- writing ---------------------------------------------------------------------------

    def send(self, reply: Reply) -> Coroutine[Any, Any, None]:
        return self._wire.send(text_frame(encode(reply)))

    async def send_with(self, reply: Reply, binary: bytes) -> None:
        # In one go: a request that is cancelled leaves no half of a pair, and none comes between.
        await self._wire.send(text_frame(encode(reply)) + binary_frame(binary))

    @property
    def behind(self) -> bool:
        return self._wire.behind

    def post(self, frame: bytes) -> None:
        try:
            self._wire.post(frame)
        except ClientGoneError:
            self._feed.leave(self)

    def drop(self, reason: str) -> None:
        """Cut the connection now, without waiting for the client to agree."""
        self._wire.drop(reason)

    def resync(self) -> None:
        self.drop("events were lost")

    async def close(self) -> None:
        """Say goodbye: the daemon stops."""
        await self._socket.close(code=1001, message=b"PiChat stops")

    # --- reading ---------------------------------------------------------------------------

    async def _text(self, raw: bytes) -> None:
        try:
            request_id, request = read_request(raw, self._takes_clips)
        except FrameError as error:
            await self.send(explain(error.error, error.request_id, error.action))
            await self._pace()
            return
        try:
            if self._allowance is not None:
                self._allowance.spend()
            found = find_action(self._actions, request.action)
            await self._begin(found, request_id, request)
        except ClientGoneError:
            raise
        except TooManyRequestsError as error:
            await self.send(explain(error, request_id, request.action[:64]))
            await asyncio.sleep(min(error.retry_after_s, _LONGEST_PAUSE_S))
        except Exception as error:  # noqa: BLE001  (the request's boundary; explain() logs it)
            await self.send(explain(error, request_id, request.action[:64]))

    async def _begin(self, found: Action, request_id: str, request: Request) -> None:
        admit(self.caller and as_known(self._services, self.caller), found.needs)
        payload = read_payload(found, request)
        if request_id in self._running:
            raise BadRequestError(f"A request “{request_id}” is still running.")
        context = Context(self._services, self, request_id, found.reply)
        if not found.waits:
            result = found.handler(context, payload)
            await self.send(
                CompleteReply(request_id=request_id, action=found.reply, payload=result)
            )
            return
        if len(self._running) >= MAX_IN_FLIGHT:
            raise BusyError(f"This connection already has {MAX_IN_FLIGHT} requests running.")
        task = asyncio.create_task(self._run(found, context, payload), name=f"request-{found.name}")
        self._running[request_id] = _Running(task)
        if self.caller is None:
            # One after the other: what follows `authenticate` counts on it.
            await asyncio.wait([task])

    async def _pace(self) -> None:
        """A frame that is no request counts as one, and is answered already."""
        try:
            if self._allowance is not None:
                self._allowance.spend()
        except TooManyRequestsError as error:
            await asyncio.sleep(min(error.retry_after_s, _LONGEST_PAUSE_S))

    async def _binary(self, frame: bytes) -> None:
        try:
            if self.sound is None:
                # A client need not wait: a `listen_start` just before has its task, not its turn.
                await asyncio.sleep(0)
            if self.sound is None:
                raise BadRequestError("A binary frame is sound, and comes after “listen_start”.")
            await self.sound.put(frame)
        except PiChatError as error:
            await self.send(explain(error, new_id(), "listen_audio"))

    # --- requests --------------------------------------------------------------------------

    async def _run(self, found: Action, context: Context, payload: msgspec.Struct) -> None:
        running = self._running[context.request_id]
        _REQUEST.set(running.task)
        try:
            try:
                result = await found.handler(context, payload)
                reply: Reply = CompleteReply(
                    request_id=context.request_id, action=found.reply, payload=result
                )
            except asyncio.CancelledError:
                if not running.ended_by_user:
                    raise
                cancelled = CancelledByUserError("The request was cancelled.")
                reply = explain(cancelled, context.request_id, found.name)
            except ClientGoneError:
                return
            except Exception as error:  # noqa: BLE001  (the request's boundary; explain() logs it)
                reply = explain(error, context.request_id, found.name)
            running.answered = True
            await self._last(reply, context, found)
        finally:
            self._running.pop(context.request_id, None)

    async def _last(self, reply: Reply, context: Context, found: Action) -> None:
        try:
            await self.send(reply)
        except ClientGoneError:
            pass
        except (TypeError, ValueError) as error:  # a result that is no JSON is our defect
            await self.send(explain(error, context.request_id, found.name))

    def cancel(self, request_id: str) -> bool:
        running = self._running.get(request_id)
        if running is None or running.answered:
            return False
        running.ended_by_user = True
        # Soon and not now: a request that came just before has to begin before it can be ended.
        asyncio.get_running_loop().call_soon(running.task.cancel)
        return True

    async def _end_requests(self) -> None:
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=_END_S)
            for task in stuck:
                log.error("request does not end", task=task.get_name())

    # --- events ----------------------------------------------------------------------------

    def subscribe(self, request_id: str, topics: frozenset[Topic]) -> None:
        self._feed.join(self, request_id, topics)

    def unsubscribe(self) -> None:
        self._feed.leave(self)
