"""Answers cut into sentences while they are being written."""

from __future__ import annotations

import random

import pytest

from pichat.turn.sentences import Sentences


@pytest.mark.parametrize(
    ("pieces", "sentences", "rest"),
    [
        (["It is 21.5 degrees. The ", "door is open"], ["It is 21.5 degrees."], "The door is open"),
        (["Done", ".", " Next!"], ["Done."], "Next!"),
        (["“Really?” he asked. "], ["“Really?", "he asked."], ""),
        (["灯が消えました。次"], ["灯が消えました。"], "次"),
        (["  "], [], ""),
        (["Milk, e.g. oat. It"], ["Milk, e.g. oat."], "It"),
        (["Ask Dr. Smith. He"], ["Ask Dr. Smith."], "He"),
        (["It rains, etc. Then", " more"], ["It rains, etc."], "Then more"),
        (["At 9 a.m. it rains. It"], ["At 9 a.m. it rains."], "It"),
        (["At 9 a.m.", " ", "It"], ["At 9 a.m."], "It"),
        (["On Nov. 24 it"], [], "On Nov. 24 it"),
        (["No. It is"], ["No."], "It is"),
        (["It is No. 5. It"], ["It is No. 5."], "It"),
        (["It is 21. It"], ["It is 21."], "It"),
        (["So do I. It"], ["So do I."], "It"),
        (["**Done.** It"], ["**Done.**"], "It"),
        (["Say `a. b` now. It"], ["Say `a. b` now."], "It"),
        (["Wait... what? It"], ["Wait...", "what?"], "It"),
    ],
)
def test_sentences(pieces: list[str], sentences: list[str], rest: str) -> None:
    cutter = Sentences()
    assert [sentence for piece in pieces for sentence in cutter.add(piece)] == sentences
    assert cutter.rest() == rest
    assert cutter.rest() == ""


def test_ordinals_have_a_full_stop_in_some_languages() -> None:
    assert Sentences("de").add("Am 3. Mai regnet es. Am ") == ["Am 3. Mai regnet es."]


LONG = """\
# The house
Here is *everything*. It is 21.5 °C, e.g. in the kitchen!

1. Kitchen: on. It is bright.
2. **Hall**: off
   - the lamp
   - the plug
```sh
pichat run. Then wait.

```
| Room | Light |
|---|---|
| Kitchen | on. Bright |

~5 minutes, ```code``` in it. Dr. No said “Stop!” on Nov. 24 at 9 p.m. Then
he left etc. 灯が消えました。次。
\tThe end
"""
CUT = [
    "# The house",
    "Here is *everything*.",
    "It is 21.5 °C, e.g. in the kitchen!",
    "1. Kitchen: on.",
    "It is bright.",
    "2. **Hall**: off",
    "- the lamp",
    "- the plug",
    "```sh\npichat run. Then wait.\n\n```",
    "| Room | Light |\n|---|---|\n| Kitchen | on. Bright |",
    "~5 minutes, ```code``` in it.",
    "Dr. No said “Stop!",
    "on Nov. 24 at 9 p.m.",
    "Then",
    "he left etc.",
    "灯が消えました。",
    "次。",
    "The end",
]


def test_items_code_and_tables_are_whole() -> None:
    assert Sentences().add(LONG) == CUT


def test_the_pieces_do_not_matter() -> None:
    chance = random.Random(4)
    for longest in (1, 2, 3, 5, 8, 20, 100):
        for _ in range(1 if longest == 1 else 40):
            cutter, at, got = Sentences(), 0, []
            while at < len(LONG):
                length = chance.randint(1, longest)
                got += cutter.add(LONG[at : at + length])
                at += length
            assert got == CUT
            assert cutter.rest() == ""


def test_any_text_is_cut_alike() -> None:
    chance = random.Random(5)
    parts = [
        ".",
        "!",
        " ",
        "\n",
        "`",
        "```",
        "|",
        "~",
        "3",
        "e.g.",
        "No.",
        "a",
        "B",
        "”",
        "*",
        "。",
    ]
    for _ in range(2000):
        text = "".join(chance.choices(parts, k=chance.randint(1, 25)))
        whole, cutter = Sentences(), Sentences()
        expected = whole.add(text)
        assert [sentence for letter in text for sentence in cutter.add(letter)] == expected, text
        assert cutter.rest() == whole.rest()


def test_what_has_no_end_is_cut_all_the_same() -> None:
    letters = "word " * 500 + "x" * 2500 + " etc." + " " * 20 + "Then"
    whole, cutter = Sentences(), Sentences()
    expected = whole.add(letters)
    assert [sentence for letter in letters for sentence in cutter.add(letter)] == expected
    assert [len(sentence) for sentence in expected] == [999, 999, 499, 1000, 1000, 505]
    assert (cutter.rest(), whole.rest()) == ("Then", "Then")
