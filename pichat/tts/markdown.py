"""Markdown as a person reads it aloud: what is there to be seen only falls away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARKUP = re.compile(
    r"[*_`#|\[\]<>~\\]|&#?\w+;|^[ \t]*(?:[-+•◦▪‣–]|\d{1,9}[.)])[ \t]|^[ \t]*[-=]{2,}[ \t]*$",
    re.MULTILINE,
)
_BULLET = re.compile(r"^([ \t]*)[•◦▪‣–](?=[ \t])", re.MULTILINE)
_LEFT_OVER = re.compile(  # of what began or ended in another sentence
    r"\*{2,}|~{2,}|\]\([^)\s]*\)?|(?<!\w)[*_`\[]+(?=\w)|(?<=[\w.!?:;,…)])[*_`]+(?!\w)|^[>|\s]+|`+"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>@]*>")
_TICK_BOX = re.compile(r"^\[[ xX]\]\s+")
_ENDED = re.compile(r"[.!?…:;,。！？：；，][\"'”’)\]]*$")
_LONGEST_CODE = 80  # a longer one is for eyes


def has_markup(text: str) -> bool:
    return _MARKUP.search(text) is not None


def plain(text: str) -> str:
    """The words of a piece of markdown. Blocks such as items, headings and rows of a table end in
    a pause; a long piece of code and a rule are not there. An image is its description."""
    tokens = _parser().parse(_TAG.sub(" ", _BULLET.sub(r"\1-", text)))
    return " ".join(part for part in _blocks(tokens) if part)


@cache
def _parser() -> MarkdownIt:
    """Built when it is first needed: most answers have no markup."""
    from markdown_it import MarkdownIt

    # Four spaces are a sentence further in, not code: models fence theirs.
    rules = MarkdownIt("commonmark", {"html": False})
    return rules.enable(["table", "strikethrough"]).disable(["code", "lheading"])


def _blocks(tokens: list[Token]) -> Iterator[str]:
    number = before = ""
    rows: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "list_item_open":
                number = token.info  # of an ordered list; "" where items have none
            case "inline":
                words = _inline(token.children or [])
                if before in ("th_open", "td_open"):
                    rows[-1].append(words)
                elif number or token.level > 1 or before == "heading_open":
                    yield _paused(f"{number}, {words}" if number else words)
                else:
                    yield words
                number = ""
            case "tr_open":
                rows.append([])
            case "table_close":
                yield from _table(rows)
                rows = []
            case "fence":
                code = token.content.strip()
                yield "" if "\n" in code or len(code) > _LONGEST_CODE else _paused(code)
        before = token.type


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Each row as “Kitchen: light on, temperature 21”; the headings alone when there is none."""
    headings, *others = rows
    if not others:
        yield _paused(", ".join(filter(None, headings)))
    for first, *cells in others:
        named = [
            f"{heading} {cell}" if heading and len(headings) > 2 else cell
            for heading, cell in zip(headings[1:], cells, strict=False)
            if cell
        ]
        yield _paused(": ".join(filter(None, (first, ", ".join(named)))))


def _inline(tokens: list[Token]) -> str:
    text = "".join(
        token.content if token.type in ("text", "code_inline", "image") else " "
        for token in tokens
        if token.type in ("text", "code_inline", "image", "softbreak", "hardbreak")
    )
    return _LEFT_OVER.sub("", _TICK_BOX.sub("", text)).strip()


def _paused(text: str) -> str:
    return text if not text or _ENDED.search(text) else f"{text}."
