"""The real engines of the voice loop, made ready once for a whole test session: the vocabulary
takes seconds to build, PiChat's own speech a process for each sentence."""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from pichat.audio.base import EchoCanceller
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.pcm import SAMPLE_BYTES
from pichat.config.types import Style, Voice
from pichat.config.types import WakeWord as WantedWord
from pichat.events import Device
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import prepare
from pichat.stt.base import Recogniser, Vocabulary, open_recogniser
from pichat.stt.keyphrase import KeyPhrases
from pichat.tts.base import PLAIN, Speech
from pichat.tts.espeak_ng import EspeakNg
from pichat.turn.listener import StopPhrases
from pichat.wake.base import WakeWords, load_wake_words
from tests.intents.house import HOUSE
from tests.support import noise
from tests.support.speech import silence, spoken

T = TypeVar("T")

STOP_PHRASES = ("stop", "never mind", "be quiet", "cancel")
_CHUNK_BYTES = 4096


def new_wake_words(config: Voice) -> WakeWords:
    """As the configuration wants them."""
    words = [WantedWord(word=word) if isinstance(word, str) else word for word in config.wake_words]
    return load_wake_words(config.wake_engine, words, config.wake_models)


def new_stop_phrases() -> StopPhrases:
    """What ends an answer."""
    return KeyPhrases(STOP_PHRASES)


def new_canceller() -> EchoCanceller:
    """What takes PiChat's own voice out of the sound, in step with the loop's time."""
    return WebRtcEchoCanceller(clock=asyncio.get_running_loop().time)


@cache
def vocabulary() -> Vocabulary:
    """Of the default house; built once for all processes of a test run (see tests/conftest.py)."""
    shared = os.environ.get("PICHAT_TEST_SHARED")
    if shared is None:
        folder = Path(tempfile.mkdtemp(prefix="pichat-vocabulary-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        folder = Path(shared) / "vocabulary"
        folder.mkdir(exist_ok=True)
    with (folder / "building").open("w") as lock:  # another process may be at it: wait for it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _elsewhere(lambda: asyncio.run(prepare("en", HOUSE, folder)))


def new_recogniser() -> Recogniser:
    """pocketsphinx with the default house's vocabulary, which has heard a command before: the
    first one teaches it the microphone, and cannot end early."""
    recogniser = open_recogniser("pocketsphinx", vocabulary())
    recogniser.begin()
    recogniser.feed(silence(0.3) + noise.at_level(spoken("turn the light off", "awb"), -20))
    recogniser.finish()
    return recogniser


class SharedIntents:
    """The default house's intents, for one world after the other."""

    def __init__(self) -> None:
        self.devices: Callable[[], Sequence[Device]] = lambda: HOUSE
        self.intents = Intents("en", lambda: self.devices())
        self.intents.warm()


@cache
def shared_intents() -> SharedIntents:
    return SharedIntents()


class RenderedSynthesiser:
    """Implements Synthesiser with espeak-ng's real sound, which takes `delay_s` of virtual time to
    begin: each sentence is rendered once."""

    def __init__(self, delay_s: float = 0.02) -> None:
        self._delay_s = delay_s

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        """See Synthesiser."""
        sample_rate_hz, pcm = render(text, language, style)
        await asyncio.sleep(self._delay_s)
        yield Speech(sample_rate_hz, _chunks(pcm))


@cache
def render(text: str, language: str = "en", style: Style = PLAIN) -> tuple[int, bytes]:
    """PiChat's own speech: sample rate and mono int16."""

    async def work() -> tuple[int, bytes]:
        async with EspeakNg().speak(text, language, style) as speech:
            return speech.sample_rate_hz, b"".join([chunk async for chunk in speech.chunks])

    return _elsewhere(lambda: asyncio.run(work()))


async def _chunks(pcm: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(pcm), _CHUNK_BYTES * SAMPLE_BYTES):
        yield pcm[start : start + _CHUNK_BYTES * SAMPLE_BYTES]


def _elsewhere(work: Callable[[], T]) -> T:
    """On a thread of its own, which may run an event loop while this one does, in real time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
