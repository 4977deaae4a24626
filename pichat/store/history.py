"""From the messages that were kept to those that a model can be asked with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from pichat.llm.base import Message

_LONGEST_TITLE = 60


def whole(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Without what no provider takes: the rest of a turn whose beginning is missing, calls without
    a result and results without their call (a turn was cancelled, a message deleted), and
    messages with nothing in them (nothing of them was heard)."""
    first = next((at for at, each in enumerate(messages) if each.role == "user"), len(messages))
    kept = messages[first:]
    results = {each.call_id for each in kept if each.role == "tool"}
    called: set[str] = set()
    found: list[Message] = []
    for message in kept:
        if message.role == "tool" and message.call_id not in called:
            continue
        calls = tuple(call for call in message.calls if call.id in results)
        called |= {call.id for call in calls}
        if len(calls) < len(message.calls):
            message = structs.replace(message, calls=calls)
        if message.text or message.images or message.calls or message.role == "tool":
            found.append(message)
    return tuple(found)


def heard_of(texts: Iterable[str], heard: str) -> list[str]:
    """What was heard of each of a turn's texts, when `heard` is what was heard of them all. It is
    compared without white space and marks, which a voice leaves away."""
    left = heard.strip()
    found = []
    for text in texts:
        length = len(_letters(text))
        taken = _first_letters(left, length)
        if length and len(_letters(taken)) == length:
            found.append(text)
        else:
            found.append(taken.strip() if length else text)
        left = left[len(taken) :]
    return found


def title_of(text: str) -> str:
    """The first sentence of what a person said, shortened to at most 60 characters."""
    line = " ".join(text.split())
    for end in (". ", "? ", "! "):
        line = line.partition(end)[0] + (end.strip() if end in line else "")
    if len(line) <= _LONGEST_TITLE:
        return line
    words = line[: _LONGEST_TITLE - 1].rpartition(" ")[0] or line[: _LONGEST_TITLE - 1]
    return f"{words}…"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _first_letters(text: str, count: int) -> str:
    """The beginning of `text` with `count` letters and digits, and the marks right behind it."""
    left = count
    for at, character in enumerate(text):
        if character.isalnum():
            if left == 0:
                return text[:at]
            left -= 1
    return text
