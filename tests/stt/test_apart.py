"""The recogniser in a process of its own: the same answers, and nobody held up by a lost one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pichat.errors import UnavailableError
from pichat.stt.apart import Apart, PhrasesApart
from pichat.stt.base import Recogniser, Vocabulary, open_recogniser
from tests.intents.speech import blocks
from tests.support import engines
from tests.support.speech import silence, spoken

PARENT = """
import sys, time
from pathlib import Path
from pichat.stt.apart import Apart
from pichat.stt.base import Vocabulary
apart = Apart("pocketsphinx", Vocabulary(
    language_model=Path(sys.argv[1]), dictionary=Path(sys.argv[2])))
print(apart.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return engines.vocabulary()


@pytest.fixture
def apart(vocabulary: Vocabulary) -> Iterator[Apart]:
    recogniser = Apart("pocketsphinx", vocabulary)
    yield recogniser
    recogniser.close()


def hear(recogniser: Recogniser, text: str) -> list[object]:
    """Everything that it tells of two commands in a row."""
    told: list[object] = []
    for _ in range(2):
        recogniser.begin()
        for block in blocks(spoken(text), 20):
            recogniser.feed(block)
        told += [recogniser.partial(), recogniser.so_far(), recogniser.look_again()]
        told.append(recogniser.finish())
    return told


def test_it_hears_what_the_engine_hears(apart: Apart, vocabulary: Vocabulary) -> None:
    here = open_recogniser("pocketsphinx", vocabulary)
    told = hear(apart, "turn on the kitchen light")
    assert told == hear(here, "turn on the kitchen light")
    assert told[-1][0] == "turn on the kitchen light"  # type: ignore[index]
    here.close()


def test_a_dropped_command_leaves_nothing(apart: Apart) -> None:
    apart.begin()
    apart.feed(spoken("turn off everything"))
    apart.drop()
    assert apart.partial() == ""
    apart.begin()
    assert apart.finish() == ()


def test_it_holds_up_nobody_who_does_not_ask(apart: Apart) -> None:
    before = psutil.Process().cpu_times()
    apart.begin()
    for _ in range(10):
        apart.feed(spoken("turn on the kitchen light"))
    apart.drop()
    used = psutil.Process().cpu_times()
    assert used.user + used.system - before.user - before.system < 0.2
    apart.begin()
    assert apart.finish() == ()


def test_one_that_is_killed_is_told_and_another_works(vocabulary: Vocabulary) -> None:
    apart = Apart("pocketsphinx", vocabulary)
    apart.begin()
    apart.feed(spoken("turn on the kitchen light"))
    os.kill(apart.pid, signal.SIGKILL)
    with pytest.raises(UnavailableError, match="ended unexpectedly"):
        apart.finish()
    apart.close()
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(apart.pid)
    other = Apart("pocketsphinx", vocabulary)
    assert hear(other, "turn on the kitchen light")[-1][0] == "turn on the kitchen light"  # type: ignore[index]
    other.close()


def test_files_that_are_no_vocabulary(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("rubbish")
    with pytest.raises(UnavailableError, match="could not open its vocabulary"):
        Apart("pocketsphinx", Vocabulary(language_model=rubbish, dictionary=rubbish))


def test_it_ends_with_its_parent(vocabulary: Vocabulary) -> None:
    files = [str(vocabulary.language_model), str(vocabulary.dictionary)]
    command = [sys.executable, "-c", PARENT, *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        child.wait(5)  # raises when it has not ended by then


def test_stop_phrases_are_spotted_apart() -> None:
    phrases = PhrasesApart(("stop", "never mind"))
    found: list[str] = []
    deadline_s = time.monotonic() + 10
    try:
        for block in blocks(silence(0.5) + spoken("stop") + silence(0.5), 20):
            found += filter(None, [phrases.process(block)])
        while not found and time.monotonic() < deadline_s:
            found += filter(None, [phrases.process(b"")])
        assert found == ["stop"]
        phrases.process(spoken("stop") + silence(0.5))
        phrases.reset()
        assert phrases.process(silence(0.1)) is None
    finally:
        phrases.close()
