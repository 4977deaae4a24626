"""The one owner of PortAudio: opening, closing, and looking for devices again.

PortAudio lists the devices once, when it is initialised (python-sounddevice #493); initialising
it again ends every stream, and either may hang for good (#394). So all calls run one after the
other in a thread of their own, with a deadline, and devices are looked for again only when the
system's sound hardware or sound server changed, or when no stream is open that it would end.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self, TypeVar

import structlog

from pichat.audio.cards import ASOUND, Kind, owner, read_cards
from pichat.audio.devices import Candidate, SoundSystem, candidates
from pichat.errors import UnavailableError

log = structlog.get_logger(__name__)
T = TypeVar("T")
Callback = Callable[[Any, int, Any, Any], None]
_MOST_CHANNELS = 8  # of real hardware; plugins claim to have hundreds


@dataclass(eq=False)
class OpenStream:
    """A running stream. `lost` is set when it has ended; `replaced` when only because PortAudio
    was initialised again, so that it is worth opening at once."""

    kind: Kind
    device: str
    sample_rate_hz: int
    channels: int
    latency_s: float
    raw: Any = None
    replaced: bool = False
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def was_replaced(self, within_s: float) -> bool:
        """Wait for its end, at most so long. Raises UnavailableError when the device was lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self.lost.wait()
        if self.lost.is_set() and not self.replaced:
            raise UnavailableError(f"The {self.kind} was lost.")
        return self.replaced


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of one device."""

    kind: Kind
    device: Candidate
    rates_hz: tuple[int, ...]
    latency_s: float
    call: Callback

    def formats(self) -> list[tuple[int, int]]:
        """Channels and rates, best first. Hardware may have no fewer channels than all of its."""
        if self.device.entry is None:
            return []
        most = self.device.entry[f"max_{'in' if self.kind == 'microphone' else 'out'}put_channels"]
        channels = (1, 2, most) if 2 < most <= _MOST_CHANNELS else (1, 2)
        rates = dict.fromkeys((*self.rates_hz, round(self.device.entry["default_samplerate"])))
        return [(count, rate_hz) for count in channels for rate_hz in rates]


class PortAudio:
    """`system`: whether a sound card or the sound server is meant by `default`; see `candidates`.
    `deadline_s` is how long any one call may take before it counts as hung."""

    def __init__(
        self, system: SoundSystem = "alsa", *, deadline_s: float = 8.0, asound: Path = ASOUND
    ) -> None:
        self._system = system
        self._deadline_s = deadline_s
        self._asound = asound
        # Short without a bound: who puts a job waits for it, and none is put while one hangs.
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._hung: Future[Any] | None = None
        # Only the worker touches these:
        self._library: tuple[ModuleType, bool] | None = None  # and whether it was just loaded
        self._seen: object = None
        self._open: list[OpenStream] = []
        self._remembered: dict[Kind, str] = {}  # the id of the card that was taken by default

    async def open(
        self, kind: Kind, name: str, rates_hz: tuple[int, ...], latency_s: float, call: Callback
    ) -> OpenStream:
        """Start an int16 stream on the first of the `candidates` for `name` that can be opened.

        The first of `rates_hz`, then the device's own rate, that it can do is taken; mono before
        more channels. `call(buffer, frames, time, status)` runs on PortAudio's thread each 20 ms.
        Raises UnavailableError with a sentence when there is no such device, another program has
        it, or it cannot be opened.
        """
        loop = asyncio.get_running_loop()

        def work() -> OpenStream:
            library = self._look_again(loop)
            refused: list[str] = []
            for device in self._find(library, kind, name):
                wish = Wish(kind, device, rates_hz, latency_s, call)
                if (stream := self._start(library, wish, loop)) is not None:
                    if device.card is not None and name == "default":
                        self._remembered[kind] = device.card.id
                    return stream
                refused.append(self._why_not(kind, device))
            raise UnavailableError(refused[0])

        return await self._run(work)

    async def close_stream(self, stream: OpenStream) -> None:
        """End one stream at once. Harmless when it has ended already."""
        await self._run(lambda: self._end(stream))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End everything. Afterwards nothing of PortAudio runs, unless it hangs: then it is left
        to the end of the process, whose thread does not wait for it."""
        if self._worker is None:
            return
        try:
            await self._run(self._end_all)
        except UnavailableError:
            log.warning("portaudio hangs", while_="closing")
        self._jobs.put(None)
        self._worker = None

    # --- the worker thread ---------------------------------------------------------------------

    async def _run(self, work: Callable[[], T]) -> T:
        if self._hung is not None and not self._hung.done():
            raise UnavailableError("The sound system hangs; it does not answer any more.")
        if self._worker is None:
            # A daemon, because a call that hangs must not keep the process from ending.
            self._worker = threading.Thread(target=self._work, name="portaudio", daemon=True)
            self._worker.start()
        future: Future[T] = Future()
        self._jobs.put(lambda: _settle(future, work))
        done = asyncio.wrap_future(future)
        done.add_done_callback(_seen)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.shield(done)
        except TimeoutError:
            self._hung = future
            raise UnavailableError("The sound system did not answer in time.") from None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> ModuleType:
        """The library, with a list of devices that is as new as can be had for free."""
        now = sound_hardware()
        if self._library is not None and self._open and now == self._seen:
            return self._library[0]
        for stream in tuple(self._open):
            stream.replaced = True
            self._end(stream)
            loop.call_soon_threadsafe(stream.lost.set)
        library, fresh = self._library or _load()
        self._library = library, False
        if not fresh:
            try:
                _terminate(library)
                library._initialize()  # noqa: SLF001 (both are documented under "expert stuff")
            except library.PortAudioError as error:
                raise UnavailableError("The sound system cannot be started again.") from error
        self._seen = now
        return library

    def _find(self, library: ModuleType, kind: Kind, name: str) -> list[Candidate]:
        cards = read_cards(self._asound)
        listed = [dict(entry) for entry in library.query_devices()]
        remembered = self._remembered.get(kind)
        return candidates(listed, cards, kind, name, self._system, remembered)

    def _why_not(self, kind: Kind, device: Candidate) -> str:
        if device.card is not None and (program := owner(device.card, kind, self._asound)):
            return f"The {kind} “{device.name}” is taken by another program ({program})."
        if device.entry is None:
            return f"The {kind} “{device.name}” is taken by another program."
        return f"The {kind} “{device.name}” cannot be opened."

    def _start(
        self, library: ModuleType, wish: Wish, loop: asyncio.AbstractEventLoop
    ) -> OpenStream | None:
        entry, name = wish.device.entry, wish.device.name
        if entry is None:
            return None
        capture = wish.kind == "microphone"
        stream_type = library.RawInputStream if capture else library.RawOutputStream
        failure: Exception | None = None
        for channels, rate_hz in wish.formats():
            stream = OpenStream(wish.kind, name, rate_hz, channels, wish.latency_s)
            try:
                stream.raw = stream_type(
                    samplerate=rate_hz,
                    blocksize=rate_hz // 50,
                    device=entry["index"],
                    channels=channels,
                    dtype="int16",
                    latency=wish.latency_s,
                    callback=wish.call,
                    finished_callback=lambda s=stream: _tell(loop, s.lost),
                )
                stream.raw.start()
            except library.PortAudioError as error:
                failure = error
                if stream.raw is not None:
                    stream.raw.close(ignore_errors=True)
                continue
            stream.latency_s = float(stream.raw.latency)
            self._open.append(stream)
            return stream
        log.info("sound device refused", kind=wish.kind, device=name, error=str(failure))
        return None

    def _end(self, stream: OpenStream) -> None:
        if stream in self._open:
            self._open.remove(stream)
            stream.raw.abort(ignore_errors=True)
            stream.raw.close(ignore_errors=True)

    def _end_all(self) -> None:
        for stream in tuple(self._open):
            self._end(stream)
        if self._library is not None:
            _terminate(self._library[0])


def _load() -> tuple[ModuleType, bool]:
    """sounddevice, and whether loading it has just initialised PortAudio, as its import does."""
    fresh = "sounddevice" not in sys.modules
    try:
        import sounddevice
    except OSError:
        raise UnavailableError("The PortAudio library is not installed.") from None
    # At exit it would wait for a hung PortAudio; `close` does the same with a deadline.
    atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001
    return sounddevice, fresh


def _terminate(library: ModuleType) -> None:
    while library._initialized:  # noqa: SLF001
        library._terminate()  # noqa: SLF001


def sound_hardware() -> object:
    """What shows, without PortAudio, that sound devices may have come or gone: the kernel's list
    of PCM devices and the identity of the sound server's socket. Compare for equality only."""
    try:
        cards = Path("/proc/asound/pcm").read_bytes()
    except OSError:
        cards = b""
    sockets = [Path("/run/pulse/native"), Path("/run/user") / str(os.getuid()) / "pulse/native"]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        sockets.append(Path(runtime) / "pulse/native")
    if (server := os.environ.get("PULSE_SERVER", "")).startswith("unix:"):
        sockets.append(Path(server.removeprefix("unix:")))
    return cards, tuple(_identity(path) for path in sockets)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    """Run one call on the worker and hand its outcome over, whatever it is."""
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 (carried to the awaiting task, not swallowed)
        future.set_exception(error)


def _seen(done: asyncio.Future[Any]) -> None:
    """Whoever waited may have been cancelled: then nobody else takes note of a failure."""
    if not done.cancelled():
        done.exception()


def _tell(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    # The loop may be gone when PortAudio ends its stream while the process stops.
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)
