"""Who is near: as loud as whoever called."""

from __future__ import annotations

import pytest

from pichat.turn.nearby import Nearby, faint
from tests.support import noise
from tests.support.speech import VOICES, spoken

BLOCK = 640


def blocks(pcm: bytes) -> list[bytes]:
    return [pcm[start : start + BLOCK] for start in range(0, len(pcm) - BLOCK + 1, BLOCK)]


def speech(text: str, level_db: float, voice: str = "slt") -> list[bytes]:
    return blocks(noise.at_level(spoken(text, voice), level_db))


def share(nearby: Nearby, sound: list[bytes], *, in_command: bool = True) -> float:
    return sum(nearby.hear(block, in_command=in_command) for block in sound) / len(sound)


def called(level_db: float = -20, voice: str = "slt") -> Nearby:
    nearby = Nearby()
    nearby.called(blocks(bytes(BLOCK * 50)) + speech("hey jarvis", level_db, voice))
    return nearby


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("quieter_db", [0, 6, 10])
def test_the_person_who_called_is_near_and_may_speak_lower(voice: str, quieter_db: int) -> None:
    nearby = called(voice=voice)
    command = speech("turn on the kitchen light", -20 - quieter_db, voice)
    assert share(nearby, command, in_command=False) > 0.9
    assert share(nearby, command) > 0.9


def test_a_television_is_far() -> None:
    television = speech("did you see the football match last night", -48, "rms")
    nearby = called()
    assert share(nearby, television, in_command=False) < 0.2
    kept = nearby.begin(speech("turn on the kitchen light", -20))
    assert kept == speech("turn on the kitchen light", -20)
    assert share(nearby, television) < 0.2


def test_what_leads_to_a_command_is_made_faint() -> None:
    nearby, television = called(), speech("the football match", -45, "rms")[:20]
    kept = nearby.begin(television + speech("turn on", -20))
    assert sum(was == is_now for was, is_now in zip(television, kept, strict=False)) < 5
    assert kept[0] == faint(television[0]) != television[0]


def test_until_somebody_called_all_is_near() -> None:
    assert share(Nearby(), speech("turn on the light", -60), in_command=False) == 1
    assert share(called(-90), speech("turn on the light", -60), in_command=False) == 1


def test_a_constant_is_no_loudness() -> None:
    nearby = Nearby()
    offset = noise.with_dc_offset(b"".join(speech("hey jarvis", -20)))
    nearby.called(blocks(offset))
    assert share(nearby, blocks(noise.with_dc_offset(bytes(BLOCK * 20)))) < 0.5
