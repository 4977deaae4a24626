"""The life of the radio: one zigpy application for each time that the stick is opened.

bellows keeps its serial port on a thread of its own and hands every frame to the loop that opened
it (`bellows.uart.connect` wraps the application in a proxy), so all callbacks of zigpy run on the
daemon's event loop, and a busy loop does not lose the link.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from pichat.config.types import Zigbee
from pichat.errors import PiChatError, UnavailableError
from pichat.zigbee.air import Air
from pichat.zigbee.slots import IN_ALL
from pichat.zigbee.stick.failures import explain, full, lost, missing, silent, unusable
from pichat.zigbee.stick.libraries import library_of, load_air, load_application
from pichat.zigbee.stick.opening import connect, start_network

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

T = TypeVar("T")
log = structlog.get_logger(__name__)

_STOP_S = (2.0, 5.0)
"""Patience with the application's shutdown, the first time and the second: closing a port whose
thread has died can hang, and does not once that thread is gone."""
_THREAD_END_S = 0.1
"""What the port's thread may take to end by itself after the link broke."""
_COMMIT_S = 3600.0
"""How often the values of attributes go to the disk; `pichat.zigbee.presence.kept` writes them
meanwhile."""
_TOLD_S = 0.2
"""What the loop may take to hear of a link that broke."""
_LAST_ACK_S = 0.1
"""An acknowledgement takes a few milliseconds on a port that works; bellows reports a frame that
is cut off before it as a defect."""
_OPENING_S = 1.0
"""How long a stop lets the database finish opening."""


class Session:
    """The radio while it works. What is under way in it ends at once when the link breaks."""

    def __init__(self, app: ControllerApplication, air: Air, config: Zigbee) -> None:
        self.app = app
        self.air = air
        self.closed = asyncio.Event()
        self._reason: str | None = None
        self._config = config
        self._under_way: set[asyncio.Timeout] = set()
        air.stuck = self.takes_nothing

    def connection_lost(self, error: Exception | None) -> None:
        """Called by zigpy, more than once for the same loss."""
        if not self.closed.is_set():
            log.warning("radio lost", reason=repr(error))
            self.close()

    def close(self) -> None:
        self.closed.set()
        now = asyncio.get_running_loop().time()
        for timeout in self._under_way:
            timeout.reschedule(now)

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Raises UnavailableError at once, or as soon as the link breaks."""
        if self.closed.is_set():
            raise UnavailableError(self._lost())
        timeout = asyncio.timeout(None)
        try:
            async with timeout:
                self._under_way.add(timeout)
                yield
        except TimeoutError:
            if timeout.expired():
                raise UnavailableError(self._lost()) from None
            raise
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise UnavailableError(self._lost()) from None
        except Exception as error:
            # Once the port's thread is gone, the libraries below fail in any way.
            if self.closed.is_set() or (
                not isinstance(error, PiChatError) and await self._is_breaking()
            ):
                raise UnavailableError(self._lost()) from error
            raise
        finally:
            self._under_way.discard(timeout)
        if _is_cancelled():  # and somewhere below that was taken for a failure
            raise asyncio.CancelledError

    async def _is_breaking(self) -> bool:
        """The port's thread may have ended, and this loop not yet heard of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_S):
                await self.closed.wait()
        return self.closed.is_set()

    def stopped_answering(self) -> None:
        """The port is there, and nothing comes from it any more."""
        self._reason = silent(self._config)
        self.connection_lost(TimeoutError("no answer"))

    def takes_nothing(self) -> None:
        """The stick answers, and has no room for a message any more: starting it again helps."""
        self._reason = full(self._config)
        self.connection_lost(None)

    async def until_lost(self) -> None:
        """Waits for the link to break, then raises UnavailableError."""
        await self.closed.wait()
        raise UnavailableError(self._lost())

    def _lost(self) -> str:
        return missing(self._config) or self._reason or lost(self._config)


@asynccontextmanager
async def application(config: Zigbee, database: Path) -> AsyncIterator[Session]:
    """A fresh application with the devices that its database knows; the radio is not open yet.
    Afterwards nothing of it is left: port, thread, tasks and database are closed."""
    library = library_of(config.radio)
    # Half a second of imports; on a thread, the loop stays responsive meanwhile.
    make = await asyncio.to_thread(load_application, library)
    air = await asyncio.to_thread(load_air, library)
    resolver = await asyncio.to_thread(importlib.import_module, "pichat.zigbee.resolver")
    app = make(_settings(config, database))
    app.register_device_resolver(resolver.resolve)
    is_new = not await asyncio.to_thread(database.exists)
    try:
        # What `ControllerApplication.new` does; that keeps the application to itself when it
        # fails, and then nothing can close its database.
        await _finish(asyncio.create_task(app._load_db()))  # noqa: SLF001
    except BaseException as error:
        await _shut_down(app, 0)
        if is_new:
            _forget(database)
        if not isinstance(error, Exception):
            raise
        # The owner's boundary: a damaged or newer file fails in many ways.
        log.debug("zigbee database unusable", path=str(database), reason=repr(error))
        raise UnavailableError(unusable(error, database)) from error
    session = Session(app, air, config)
    app.add_listener(session)
    try:
        yield session
    finally:
        broken = session.closed.is_set()
        session.close()
        await _shut_down(app, _THREAD_END_S if broken else _LAST_ACK_S)


async def open_radio(session: Session, config: Zigbee) -> None:
    """Open the port; resume the stick's network, or form one when it has none. Raises
    UnavailableError with the reason in plain words, RefusedStickError when the stick works and
    does not fit."""
    await _open(session, config, start_network)


async def connect_radio(session: Session, config: Zigbee) -> None:
    """Open the port, and no more: for work on the stick itself. Raises UnavailableError."""
    await _open(session, config, connect)


async def on_stick(
    session: Session, config: Zigbee, work: Callable[[ControllerApplication], Awaitable[T]]
) -> T:
    """`work` on a connected stick. Raises UnavailableError when the stick goes away or fails."""
    try:
        async with session.under_way():
            return await work(session.app)
    except PiChatError:
        raise
    except Exception as error:
        log.info("work on the stick failed", path=config.path, reason=repr(error))
        raise UnavailableError(explain(error, config)) from error


Opening = Callable[["ControllerApplication", Zigbee], Coroutine[Any, Any, None]]


async def _open(session: Session, config: Zigbee, opening: Opening) -> None:
    if gone := missing(config):
        raise UnavailableError(gone)
    work = asyncio.create_task(opening(session.app, config))
    try:
        await _unless_broken(work, session, library_of(config.radio).finish_s)
        work.result()
    except PiChatError:
        raise
    except asyncio.CancelledError:
        if _is_cancelled():
            raise
        raise UnavailableError(lost(config)) from None
    except Exception as error:
        # The owner's boundary: libraries below fail in many ways, and each has its sentence.
        log.debug("radio does not start", path=config.path, reason=repr(error))
        raise UnavailableError(explain(error, config)) from error


async def _unless_broken(work: asyncio.Task[None], session: Session, finish_s: float) -> None:
    """Waits for the work; when the link breaks before, it is cancelled after `finish_s`."""
    broken = asyncio.create_task(session.closed.wait())
    try:
        await asyncio.wait([work, broken], return_when=asyncio.FIRST_COMPLETED)
    finally:
        broken.cancel()
        await _end(work, finish_s)


def _forget(database: Path) -> None:
    """Take away what was begun: zigpy would take half of its tables for a damaged file."""
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)


async def _finish(opening: asyncio.Task[None]) -> None:
    """Await a task that leaves a thread behind when it is cancelled midway."""
    try:
        await asyncio.shield(opening)
    finally:
        await _end(opening, _OPENING_S)


async def _end(opening: asyncio.Task[None], finish_s: float) -> None:
    """Give it that long, then cancel it."""
    if not opening.done():
        await asyncio.wait([opening], timeout=finish_s)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)


def _is_cancelled() -> bool:
    """Whether somebody cancelled this task. Else a CancelledError comes from bellows, which cancels
    what its thread was doing when that thread ends."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _settings(config: Zigbee, database: Path) -> dict[str, Any]:
    """The library's settings. What is not named here is its default, among it a network backup
    in the database every day. The thread is bellows' own, and no other library knows it."""
    return {
        "device": {
            "path": config.path,
            "baudrate": config.baud_rate or 115200,
            "flow_control": None if config.flow_control == "none" else config.flow_control,
        },
        "database_path": str(database),
        "database_commit_interval": _COMMIT_S,
        **({"use_thread": True} if config.radio in (None, "ezsp") else {}),
        "max_concurrent_requests": IN_ALL,
        # `keep_alive` watches, and finds out sooner.
        "watchdog_enabled": False,
        # Another stick, or a stick that someone else has used, must not be taken silently.
        "validate_network_settings": True,
        # Its providers are on the internet.
        "ota": {"enabled": False, "providers": [], "broadcast_enabled": False},
        "topology_scan_enabled": False,
    }


async def _shut_down(app: ControllerApplication, pause_s: float) -> None:
    """To the end, also when it is cancelled meanwhile: the database's thread would stay."""
    closing = asyncio.create_task(_close(app, pause_s))
    try:
        await asyncio.shield(closing)
    finally:
        await asyncio.wait([closing])


async def _close(app: ControllerApplication, pause_s: float) -> None:
    await asyncio.sleep(pause_s)
    for patience_s in _STOP_S:
        # In a task of its own, which the end of the port's thread may cancel before the database
        # is closed.
        closing = asyncio.create_task(app.shutdown())
        await asyncio.wait([closing], timeout=patience_s)
        if closing.done() and not closing.cancelled():
            return closing.result()
        log.info("radio closes slowly", patience_s=patience_s)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
    return None
