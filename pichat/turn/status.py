"""What the voice loop shows of itself: what it is doing or, when it is deaf, why."""

from __future__ import annotations

import asyncio

from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.events import VoiceChanged, VoiceState
from pichat.health import Health

_STARTING = "The voice loop is starting."


class Status:
    """Publishes VoiceChanged whenever what is told here, or the health of a part, changes it.

    It listens only with ears, a recogniser and sound; sound is what the microphone gives, or a
    recording. Health is looked at when something is told, and by `show`.
    """

    def __init__(self, bus: Bus, health: Health) -> None:
        self._bus = bus
        self._health = health
        self._doing: VoiceState = "listening"
        self._idle = asyncio.Event()
        self._idle.set()
        self._shown = VoiceChanged(state="deaf", reason=_STARTING)
        self._ears_ready = False
        self._can_recognise = False
        self._no_recogniser = "I am still learning the names of the house."
        self._recording = False

    @property
    def shown(self) -> VoiceChanged:
        """The state that was last published."""
        return self._shown

    @property
    def doing(self) -> VoiceState:
        """What goes on, deaf or not; `listening` between turns."""
        return self._doing

    @property
    def recording(self) -> bool:
        """Whether a recording is heard instead of the microphone."""
        return self._recording

    def do(self, state: VoiceState) -> None:
        """A turn came this far; `listening`: it is over."""
        self._doing = state
        if state == "listening":
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

    def show(self) -> None:
        """Publish the state if it differs from what was published last."""
        reason = self._why_deaf() if self._doing == "listening" else None
        now = VoiceChanged(state="deaf" if reason else self._doing, reason=reason)
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
        if self._recording or (microphone is not None and microphone.status == "ok"):
            return None
        return (microphone and microphone.reason) or "The microphone is being opened."
