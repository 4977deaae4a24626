"""Whole clips: who writes down what is said in them."""

from __future__ import annotations

import pytest

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.turn.clips import Clips, Written
from tests.support.recogniser import KeptRecogniser
from tests.turn.devices import ReadableSynthesiser
from tests.turn.voice_parts import ScriptedTranscriber, ScriptedTurns

PCM = bytes(32_000)


def clips(transcriber: ScriptedTranscriber | None, *candidates: str) -> Clips:
    made = Clips(ScriptedTurns(), ReadableSynthesiser(), transcriber, "en")
    made.set_recogniser(lambda: KeptRecogniser(*candidates))
    return made


@pytest.mark.parametrize("transcriber", [None, ScriptedTranscriber("something")])
async def test_a_command_is_the_homes_own(transcriber: ScriptedTranscriber | None) -> None:
    written = await clips(transcriber, "turn on the right", "turn on the light").to_text(PCM)
    assert written == Written("turn on the light", "home", command=True)
    assert transcriber is None or transcriber.heard == []


async def test_all_else_is_the_models() -> None:
    transcriber = ScriptedTranscriber("what a day")
    written = await clips(transcriber, "turn what they").to_text(PCM)
    assert written == Written("what a day", "model", command=False)
    assert transcriber.heard == [PCM]


async def test_without_a_model_the_best_guess_has_to_do() -> None:
    assert await clips(None, "turn what they").to_text(PCM) == Written(
        "turn what they", "home", command=False
    )


@pytest.mark.parametrize("transcriber", [None, ScriptedTranscriber("")])
async def test_nobody_speaks(transcriber: ScriptedTranscriber | None) -> None:
    assert await clips(transcriber).to_text(PCM) == Written("", "", command=False)


async def test_before_the_names_are_learnt() -> None:
    early = Clips(ScriptedTurns(), ReadableSynthesiser(), None, "en")
    with pytest.raises(UnavailableError, match="still learning"):
        await early.to_text(PCM)
    off = Clips(ScriptedTurns(), ReadableSynthesiser(), None, "en", learns=False)
    with pytest.raises(UnavailableError, match="switched off"):
        await off.to_text(b"")
    modelled = Clips(ScriptedTurns(), ReadableSynthesiser(), ScriptedTranscriber("hello"), "en")
    assert (await modelled.to_text(PCM)).engine == "model"


async def test_each_clip_has_a_recogniser_of_its_own_that_is_closed() -> None:
    opened: list[KeptRecogniser] = []

    def opening() -> KeptRecogniser:
        opened.append(KeptRecogniser("turn on the light"))
        return opened[-1]

    made = clips(None)
    made.set_recogniser(opening)
    await made.to_text(PCM)
    await made.to_text(PCM)
    assert [bytes(each.heard[0]) for each in opened] == [PCM, PCM]
    assert all(each.closed for each in opened)


async def test_a_text_is_said_in_the_houses_language_unless_another_is_wanted() -> None:
    synthesiser = ReadableSynthesiser()
    made = Clips(ScriptedTurns(), synthesiser, None, "de")
    for language in (None, "pl"):
        async with made.to_speech("Hallo", language, Style(rate=1.5)) as speech:
            assert [chunk async for chunk in speech.chunks]
    assert synthesiser.languages == ["de", "pl"]
    assert synthesiser.styles == [Style(rate=1.5)] * 2
