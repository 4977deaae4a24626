"""The recogniser's files, made at once and made of those before."""

from __future__ import annotations

from pathlib import Path

from pichat.stt.language_model import extend, write

BEFORE = ["turn on the kitchen light", "turn off the kitchen light", "what time is it"]
AFTER = ["turn on the aquarium light", "turn off the aquarium zxqvlamp", "is the record on"]


def test_some_sentences_more_are_as_if_they_had_been_there_from_the_start(tmp_path: Path) -> None:
    before, extended, whole = (tmp_path / name for name in ("before", "extended", "whole"))
    for folder in (before, extended, whole):
        folder.mkdir()
    write(BEFORE, before)
    extend(before, AFTER, extended)
    write([*BEFORE, *AFTER], whole)

    def told(folder: Path) -> tuple[str, str]:
        model = (folder / "home.lm").read_text().partition("\\data\\")[2]
        return model, (folder / "home.dict").read_text()

    assert told(extended) == told(whole)
    # A word that is written in two ways is there with both.
    assert "\nrecord R" in told(extended)[1]
    assert "\nrecord(2) R" in told(extended)[1]
