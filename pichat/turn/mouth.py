"""Answering aloud: text as it comes → sentences → speech → speaker; and the feedback sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from pichat.audio.base import Playback, SoundSink
from pichat.audio.chime import CHIME_RATE_HZ, chime
from pichat.config.types import Style
from pichat.errors import PiChatError, UnavailableError
from pichat.health import Health
from pichat.tts.base import Synthesiser
from pichat.tts.spoken import speakable
from pichat.turn.persona import Persona
from pichat.turn.sentences import Sentences

log = structlog.get_logger(__name__)

_LETTERS_PER_S = 14.0  # of espeak-ng at its usual rate
_LONGEST_QUEUE = 64
_TAKES_ALL = "**1 °C**"  # to be said needs all that any sentence does
_OWN_SOUND_TAIL_S = 0.1  # from the speaker's buffer through the room into a captured block


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and where in the playback it begins and, once all of it is written, ends."""

    text: str
    from_s: float
    to_s: float
    whole: bool

    def heard(self, heard_s: float) -> str:
        """The words of it that had been said by `heard_s`: a word that was cut off is not heard."""
        if self.whole and heard_s >= self.to_s:
            return self.text
        guess_s = 0.0 if self.whole else len(self.text) / _LETTERS_PER_S
        part = max(0.0, heard_s - self.from_s) / max(self.to_s - self.from_s, guess_s)
        spoken = self.text[: int(part * len(self.text))]
        return spoken.rpartition(" ")[0]


@dataclass(slots=True)
class Fault:
    """Whether Health was told that the last sentence could not be spoken."""

    told: bool = False


class Answer:
    """One answer, spoken by a task of its own while it is still being written.

    Without a speaker or a voice it is silent, and `finish` returns at once: the answer is on the
    screens all the same. `on_start` is called when the first sentence goes to the synthesiser
    with a speaker there, `on_first(at_s)` when its first sample went to the device. At most 64
    sentences wait; then `add` does.
    """

    def __init__(
        self,
        synthesiser: Synthesiser,
        sink: SoundSink,
        health: Health,
        language: str,
        style: Style,
        *,
        on_start: Callable[[], None],
        on_first: Callable[[float], None],
        fault: Fault | None = None,
    ) -> None:
        self._fault = fault or Fault()
        self._synthesiser = synthesiser
        self._sink = sink
        self._health = health
        self._language = language
        self._style = style
        self._on_start = on_start
        self._on_first = on_first
        self._sentences = Sentences(language)
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(_LONGEST_QUEUE)
        self._playback: Playback | None = None
        self._said: list[Said] = []
        self._preparing: asyncio.Task[str] | None = None
        self._task = asyncio.create_task(self._speak())

    def prepare(self) -> None:
        """Numbers and markdown are to be expected: load meanwhile, in a thread, what words them.
        Speaking waits for it."""
        if self._preparing is None:
            in_thread = asyncio.to_thread(self._in_words, _TAKES_ALL)
            self._preparing = asyncio.create_task(in_thread)

    async def add(self, text: str) -> None:
        """The next piece of the answer."""
        for sentence in self._sentences.add(text):
            await self._queue.put(sentence)

    async def finish(self) -> bool:
        """The answer is complete: return when it was heard to its end (True), or was stopped or
        could not be spoken (False)."""
        if rest := self._sentences.rest():
            await self._queue.put(rest)
        await self._queue.put(None)
        return await self._task

    async def cancel(self) -> None:
        """End it where it is. Harmless when it has ended."""
        tasks = [self._task] if self._preparing is None else [self._task, self._preparing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def aloud(self) -> bool:
        """Whether any of it went to a speaker."""
        return bool(self._said)

    def heard(self) -> str:
        """What of it has come out of the speaker."""
        heard_s = self._playback.heard_s if self._playback is not None else 0.0
        return " ".join(filter(None, (said.heard(heard_s) for said in self._said)))

    async def _speak(self) -> bool:
        going = True
        while (sentence := await self._queue.get()) is not None:
            if self._preparing is not None:
                await self._preparing
            spoken = self._in_words(sentence) if going else ""
            if not spoken:
                continue
            if self._playback is None:
                self._playback = self._begin()
            going = self._playback is not None
            if self._playback is not None:
                going = await self._say(sentence, spoken, self._playback)
        if self._playback is None or not going:
            return False
        try:
            return await self._playback.finish()
        except UnavailableError:
            return False

    def _begin(self) -> Playback | None:
        try:
            playback = self._sink.begin(self._on_first, self._style.volume)
        except UnavailableError as error:
            log.info("answer not spoken", reason=error.sentence)
            return None
        self._on_start()
        return playback

    def _in_words(self, sentence: str) -> str:
        try:
            return speakable(sentence, self._language)
        except Exception:  # a defect in the wording must not cost the person the answer
            log.exception("a sentence is spoken as it is written")
            return sentence

    async def _say(self, sentence: str, spoken: str, playback: Playback) -> bool:
        """Say `spoken`; `sentence` is how it is written, and what is kept as heard. False when no
        more can be said."""
        from_s = playback.written_s
        going = False
        try:
            speaking = self._synthesiser.speak(spoken, self._language, self._style)
            async with speaking as speech:
                going = await playback.write(speech.chunks, speech.sample_rate_hz)
        except PiChatError as error:
            log.info("answer not spoken", reason=error.sentence)
            self._tell_fault(error.sentence)
            return False
        except Exception:  # an engine's own failure must not cost the person the turn
            log.exception("speech failed")
            self._tell_fault("The speech engine failed; the log has more.")
            return False
        finally:
            if playback.written_s > from_s:
                self._said.append(Said(sentence, from_s, playback.written_s, whole=going))
        if self._fault.told:
            self._fault.told = False
            self._health.set("speech", "ok")
        return going

    def _tell_fault(self, sentence: str) -> None:
        self._fault.told = True
        self._health.set("speech", "degraded", sentence)


class Mouth:
    """What PiChat says and sounds, through one speaker."""

    def __init__(
        self, synthesiser: Synthesiser, sink: SoundSink, health: Health, language: str
    ) -> None:
        self._synthesiser = synthesiser
        self._sink = sink
        self._health = health
        self._language = language
        self._fault = Fault()

    def answer(
        self, persona: Persona, *, on_start: Callable[[], None], on_first: Callable[[float], None]
    ) -> Answer:
        """Begin an answer; the caller ends it."""
        return Answer(
            self._synthesiser,
            self._sink,
            self._health,
            persona.language or self._language,
            persona.style,
            on_start=on_start,
            on_first=on_first,
            fault=self._fault,
        )

    async def chime(self, own_sound: Callable[[bool], None]) -> None:
        """Play the feedback sound, if there is a speaker. `own_sound` is called with True before
        it and with False when it can be heard no more."""
        try:
            playback = self._sink.begin()
            own_sound(True)
            try:
                await playback.write(_once(chime()), CHIME_RATE_HZ)
                await playback.finish()
                await asyncio.sleep(_OWN_SOUND_TAIL_S)
            finally:
                own_sound(False)
        except UnavailableError:
            log.debug("no speaker for the feedback sound")

    def pause(self) -> None:
        """Be silent at once; `resume` goes on from there."""
        self._sink.pause()

    def resume(self) -> None:
        self._sink.resume()

    def stop(self) -> None:
        """Be silent at once."""
        self._sink.stop()


async def _once(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm
