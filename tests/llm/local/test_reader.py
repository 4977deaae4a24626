"""Answers taken apart, wherever they are cut: no half of a marker is ever shown as text."""

from __future__ import annotations

import pytest

from pichat.llm.calls.hermes import HERMES
from pichat.llm.calls.lfm2 import LFM2
from pichat.llm.calls.llama3 import LLAMA3
from pichat.llm.calls.mistral import MISTRAL
from pichat.llm.calls.plain import PLAIN
from pichat.llm.calls.reader import Block, Reader
from pichat.llm.calls.syntax import Made, Syntax, read_block

TIME = Made("get_time", {})
LIGHT = Made("set_light", {"name": 'a "}</tool_call>[{\\', "on": True})
LIGHT_JSON = '"name": "a \\"}</tool_call>[{\\\\", "on": true'

ANSWERS: dict[str, tuple[Syntax, str, str, list[Made]]] = {
    "qwen": (
        HERMES,
        '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>',
        "",
        [TIME],
    ),
    "qwen, two, with words before": (
        HERMES,
        (
            "One moment < please.\n"
            '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>\n'
            f'<tool_call>\n{{"name": "set_light", "arguments": {{{LIGHT_JSON}}}}}\n</tool_call>'
        ),
        "One moment < please.\n",
        [TIME, LIGHT],
    ),
    "qwen 3, which thinks": (
        HERMES,
        "<think>\nThe user wants <tool_call> the time.\n</think>\n\nIt is <b>nine</b>.",
        "It is <b>nine</b>.",
        [],
    ),
    "qwen 3, which thinks and calls": (
        HERMES,
        (
            '<think>\n{"name": 1}\n</think>\n\n<tool_call>\n'
            '{"name": "get_time", "arguments": {}}\n</tool_call>'
        ),
        "",
        [TIME],
    ),
    "hermes, whose end is missing": (
        HERMES,
        '<tool_call>{"arguments": {}, "name": "get_time"}',
        "",
        [TIME],
    ),
    "llama": (LLAMA3, '{"name": "get_time", "parameters": {}}', "", [TIME]),
    "llama with its token": (
        LLAMA3,
        f'<|python_tag|>{{"name": "set_light", "parameters": {{{LIGHT_JSON}}}}}',
        "",
        [LIGHT],
    ),
    "llama, which writes braces": (LLAMA3, "Use {x} <|pyth", "Use {x} ", []),
    "mistral": (
        MISTRAL,
        (
            '[TOOL_CALLS][{"name": "get_time", "arguments": {}}, '
            f'{{"name": "set_light", "arguments": {{{LIGHT_JSON}}}}}]'
        ),
        "",
        [TIME, LIGHT],
    ),
    "mistral, which writes brackets": (MISTRAL, "See [TOOL] or [1].", "See [TOOL] or [1].", []),
    "lfm2": (
        LFM2,
        'Yes.<|tool_call_start|>[{"name": "get_time", "arguments": {}}]<|tool_call_end|> Done.',
        "Yes.Done.",
        [TIME],
    ),
    "plain": (PLAIN, '\n {"name": "get_time", "arguments": {}}\nDone.', "", [TIME]),
    "plain text": (PLAIN, " \nThe {light} is on.", "The {light} is on.", []),
}


def read(reader: Reader, pieces: list[str]) -> tuple[str, list[Made]]:
    text, made = "", []
    found = [each for piece in pieces for each in reader.feed(piece)]
    for each in [*found, *reader.close()]:
        if isinstance(each, Block):
            made += read_block(each.text)
        else:
            text += each
    return text, made


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_the_same_wherever_it_is_cut(name: str) -> None:
    syntax, written, text, made = ANSWERS[name]
    for cut in range(len(written) + 1):
        assert read(Reader(syntax), [written[:cut], written[cut:]]) == (text, made), cut
    assert read(Reader(syntax), list(written)) == (text, made)


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_shown_that_is_taken_back(name: str) -> None:
    syntax, written, text, _ = ANSWERS[name]
    reader, shown = Reader(syntax), ""
    for character in written:
        shown += "".join(each for each in reader.feed(character) if isinstance(each, str))
        assert text.startswith(shown)


def test_text_is_held_back_no_longer_than_needed() -> None:
    reader = Reader(HERMES)
    assert reader.feed("The <") == ["The "]
    assert reader.feed("tool") == []
    assert reader.feed("box is here") == ["<toolbox is here"]


def test_without_tools_everything_is_text() -> None:
    written = '{"a": 1} <tool_call>{"name": "get_time"}</tool_call>'
    assert read(Reader(None), list(written)) == (written, [])


def test_an_answer_ends_before_a_stop() -> None:
    reader = Reader(None, stops=("\nUser:", "STOP"))
    assert reader.feed("Yes.\nUse") == ["Yes."]
    assert reader.feed("r: no") == []
    assert reader.over
    assert reader.close() == []


def test_half_a_stop_is_text_after_all() -> None:
    reader = Reader(None, stops=("STOP",))
    assert reader.feed("one STO") == ["one "]
    assert reader.close() == ["STO"]


def test_a_prompt_may_end_within_a_thought() -> None:
    reader = Reader(HERMES, thinking=True)
    assert reader.feed("it is late</thi") == []
    assert reader.feed("nk>\n\nGood night.") == ["Good night."]


def test_a_call_that_is_cut_off_is_none() -> None:
    reader = Reader(HERMES)
    assert reader.feed('Yes. <tool_call>{"name": "get_time", "arguments": {') == ["Yes. "]
    assert reader.in_call
    assert reader.close() == []


@pytest.mark.parametrize(
    "written", ["{", "[1]", '"x"', '{"name": 1}', '{"name": "x", "arguments": []}']
)
def test_what_is_no_call_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_block(written)
