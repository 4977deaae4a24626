"""The voice loop: the station of this machine, with its microphone and speaker, and those of the
screens that listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

import structlog

from pichat.audio.base import Frame, SoundSink, SoundSource
from pichat.errors import BusyError, UnavailableError
from pichat.events import LOCAL_STATION, PartHealth, Source, VoiceChanged
from pichat.health import keep_serving
from pichat.turn.listener import Listener, OpenRecogniser
from pichat.turn.persona import Persona
from pichat.turn.recording import Pace
from pichat.turn.station import Common, Station

log = structlog.get_logger(__name__)

_RETRY_S = 3.0  # a device that was plugged in is taken up within this
_MOST_SCREENS = 4  # each has engines of its own: some 20 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """How listeners are built: for the microphone here, and for a screen, with or without the
    wake words; `cancels_echo`: the screen does so itself."""

    local: Callable[[], Listener]
    screen: Callable[[bool, bool], Listener]


class VoiceLoop:
    """Owns microphone, speaker and the stations for as long as `run` runs.

    When something was said that the recogniser holds nothing for, the person is told so and no
    turn is run; silence after the wake word is not answered, because most of it is a false wake.
    It publishes VoiceChanged, Transcript, VoiceHeard, AnswerHeard and WakeScored; the turns
    publish their own events.
    """

    def __init__(
        self,
        common: Common,
        listeners: Listeners,
        microphone: SoundSource,
        speaker: SoundSink,
        *,
        muted: bool = False,
        remember_muted: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._common = common
        self._remember_muted = remember_muted
        self._muted_changed = asyncio.Event()
        self._listeners = listeners
        self._microphone = microphone
        self._speaker = speaker
        self._open_recogniser: OpenRecogniser | None = None
        self._reason: str | None = None
        self._local = Station(LOCAL_STATION, common, listeners.local, speaker, on_ready=self._heal)
        self._local.status.set_muted(muted)
        self._screens: dict[str, Station] = {}

    @property
    def state(self) -> VoiceChanged:
        """The state that the local station published last."""
        return self._local.state

    async def run(self) -> None:
        """Listen and answer until cancelled. Parts: microphone, speaker, voice, speech."""
        health = self._common.health
        async with asyncio.TaskGroup() as group:
            # First, because a microphone that is there at once would be missed.
            group.create_task(self._watch_health())
            for part, serve in (
                ("speaker", self._speaker.serve),
                ("voice", self._local.listen),
                ("microphone", self._capture),
            ):
                group.create_task(keep_serving(part, serve, health, longest_pause_s=_RETRY_S))
            group.create_task(self._remember())

    def set_recogniser(
        self, open_recogniser: OpenRecogniser | None, reason: str | None = None
    ) -> None:
        """Recognise with this from the next command on. None: be deaf, and say why with the
        sentence `reason`."""
        self._open_recogniser, self._reason = open_recogniser, reason
        for station in (self._local, *self._screens.values()):
            station.set_recogniser(open_recogniser, reason)

    def mute(self, muted: bool) -> None:
        """Do not listen to the microphone, or do again; it holds until it is changed, even over a
        restart. An answer that is being given goes on."""
        status = self._local.status
        if muted != status.muted and not status.recording:
            self._local.forget_command()  # nor is there a follow-up when it listens again
        status.set_muted(muted)
        self._muted_changed.set()

    def interrupt(self) -> None:
        """Be silent here, and forget what is being said."""
        self._local.interrupt()

    def listen(self) -> None:
        """Begin a turn here without the wake word. Raises UnavailableError when it is deaf."""
        if self.state.state in ("deaf", "muted"):
            raise UnavailableError(self.state.reason or "The voice loop is deaf.")
        self._local.begin()

    async def hear(self, frames: AsyncIterator[bytes], *, patience_s: float = 10.0) -> None:
        """Hear 16 kHz mono int16 sound instead of the microphone, at the pace of real time,
        followed by silence until the loop listens for the wake word again.

        Raises BusyError while another recording plays, UnavailableError when the loop is still
        deaf after `patience_s`: right after the start it has to load its engines first.
        """
        status = self._local.status
        if status.recording:
            raise BusyError("Another recording is being played already.")
        status.set_recording(True)
        try:
            await status.until_able(patience_s)
            await status.until_idle()
            self._local.forget_command()  # a recording is no follow-up of what was heard here
            await self._local.hear(frames, Pace())
        finally:
            status.set_recording(False)
            self._local.forget_command()

    @asynccontextmanager
    async def screen(
        self,
        name: str,
        speaker: SoundSink,
        *,
        area: str | None,
        wake_word: bool,
        cancels_echo: bool,
        user_id: str = "house",
        source: Source = "voice",
        patience_s: float = 10.0,
    ) -> AsyncIterator[Station]:
        """A station for a screen's microphone, which answers through `speaker`, for as long as the
        context lasts. `user_id`: who speaks there, and as what their wishes count. Without
        `wake_word` a turn begins at once. Raises BusyError when too many listen, UnavailableError
        when it cannot."""
        if len(self._screens) >= _MOST_SCREENS:
            raise BusyError("Too many screens are listening already.")

        def make() -> Listener:
            return self._listeners.screen(wake_word, cancels_echo)

        def called(word: str) -> Persona:
            return replace(self._common.called(word), user_id=user_id, source=source)

        common = replace(self._common, called=called)
        station = Station(name, common, make, speaker, area=area)
        self._screens[name] = station
        listening = asyncio.create_task(station.listen())
        try:
            station.set_recogniser(self._open_recogniser, self._reason)
            await _until_able(station, listening, patience_s)
            if not wake_word:
                station.begin()
            yield station
        finally:
            del self._screens[name]
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _remember(self) -> None:
        while True:
            await self._muted_changed.wait()
            self._muted_changed.clear()
            try:
                await self._remember_muted(self._local.status.muted)
            except UnavailableError as error:
                log.warning("muting is not kept over a restart", reason=error.sentence)

    def _heal(self) -> None:
        self._common.health.set("voice", "ok")

    async def _capture(self) -> None:
        await self._microphone.serve(self._put_live)

    def _put_live(self, frame: Frame) -> None:
        status = self._local.status
        if not status.recording and not status.muted:
            self._local.put(frame)

    async def _watch_health(self) -> None:
        while True:
            # After a lag the boards are looked at as they are.
            with self._common.bus.subscribe(PartHealth) as changes, suppress(BusyError):
                async for change in changes:
                    lost = change.part == "microphone" and change.status != "ok"
                    if lost and not self._local.status.recording:
                        self._local.forget_command()
                    if change.part in ("microphone", "recognition"):
                        self._show()
            self._show()

    def _show(self) -> None:
        for station in (self._local, *self._screens.values()):
            station.status.show()


async def _until_able(station: Station, listening: asyncio.Task[None], patience_s: float) -> None:
    """Return when the station listens. Raises why it does not."""
    able = asyncio.create_task(station.status.until_able(patience_s))
    try:
        await asyncio.wait({able, listening}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
        await able
    finally:
        able.cancel()
        await asyncio.gather(able, return_exceptions=True)
