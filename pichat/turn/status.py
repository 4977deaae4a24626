"""What a station shows of itself: what it is doing or, when it is deaf, why."""

from __future__ import annotations

import asyncio

from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.events import LOCAL_STATION, VoiceChanged, VoiceState
from pichat.health import Health

_STARTING = "The voice loop is starting."
_MUTED = "The microphone is muted."
_IDLE: tuple[VoiceState, ...] = ("listening", "following_up")


class Status:
    """Publishes VoiceChanged whenever what is told here, or the health of a part, changes it.

    It listens only with ears, a recogniser and sound. The local station's sound is what the
    microphone gives, or a recording; every other's is what its screen sends. Health is looked at
    when something is told, and by `show`.
    """

    def __init__(self, bus: Bus, health: Health, station: str = LOCAL_STATION) -> None:
        self._bus = bus
        self._health = health
        self._station = station
        self._doing: VoiceState = "listening"
        self._idle = asyncio.Event()
        self._idle.set()
        self._shown = VoiceChanged(state="deaf", reason=_STARTING, station=station)
        self._ears_ready = False
        self._can_recognise = False
        self._no_recogniser = "I am still learning the names of the house."
        self._recording = False
        self._muted = False

    @property
    def shown(self) -> VoiceChanged:
        """The state that was last published."""
        return self._shown

    @property
    def doing(self) -> VoiceState:
        """What goes on, deaf or not; `listening` or `following_up` between turns."""
        return self._doing

    @property
    def idle(self) -> bool:
        """Whether no turn goes on."""
        return self._doing in _IDLE

    @property
    def recording(self) -> bool:
        """Whether a recording is heard instead of the microphone."""
        return self._recording

    @property
    def muted(self) -> bool:
        return self._muted

    def do(self, state: VoiceState) -> None:
        """A turn came this far; `listening` or `following_up`: it is over."""
        self._doing = state
        if self.idle:
            self._idle.set()
        else:
            self._idle.clear()
        self.show()

    def set_ears(self, ready: bool) -> None:
        """The listening thread has its engines, or has ended."""
        self._ears_ready = ready
        self.show()

    def set_recogniser(self, present: bool, reason: str | None) -> None:
        """`reason`: a sentence that says why there is none; it holds until another is given."""
        self._can_recognise = present
        self._no_recogniser = reason or self._no_recogniser
        self.show()

    def set_recording(self, playing: bool) -> None:
        """A recording is heard instead of the microphone, or no more."""
        self._recording = playing
        self.show()

    def set_muted(self, muted: bool) -> None:
        """The person wants the microphone not to be listened to, or to be."""
        self._muted = muted
        self.show()

    def show(self) -> None:
        """Publish the state if it differs from what was published last."""
        reason = self._why_deaf() if self.idle else None
        state: VoiceState = self._doing
        if reason:
            state = "muted" if reason is _MUTED else "deaf"
        now = VoiceChanged(state=state, reason=reason, station=self._station)
        if now != self._shown:
            self._shown = now
            self._bus.publish(now)

    async def until_idle(self) -> None:
        """Return when no turn goes on."""
        await self._idle.wait()

    async def until_able(self, patience_s: float) -> None:
        """Return when it is not deaf. Raises UnavailableError, with why, after `patience_s`."""
        with self._bus.subscribe(VoiceChanged) as changes:
            self.show()
            try:
                async with asyncio.timeout(patience_s):
                    while self._why_deaf():
                        await changes.get()
            except TimeoutError:
                raise UnavailableError(self._why_deaf() or "The voice loop is deaf.") from None

    def _why_deaf(self) -> str | None:
        parts = self._health.parts()
        voice, microphone = parts.get("voice"), parts.get("microphone")
        recognition = parts.get("recognition")
        if not self._ears_ready:
            return (voice and voice.reason) or _STARTING
        if not self._can_recognise:
            return (recognition and recognition.reason) or self._no_recogniser
        if self._recording or self._station != LOCAL_STATION:
            return None
        if self._muted:
            return _MUTED
        if microphone is not None and microphone.status == "ok":
            return None
        return (microphone and microphone.reason) or "The microphone is being opened."
