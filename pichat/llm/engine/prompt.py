"""The tokens of a prompt: what always comes first, and as much of the conversation as there is room
for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pichat.llm.base import Message, Request
from pichat.llm.calls.families import family
from pichat.llm.calls.reader import THINK
from pichat.llm.calls.syntax import Syntax
from pichat.llm.engine.messages import plain_messages, turns
from pichat.llm.engine.model import LoadedModel
from pichat.llm.engine.template import Template
from pichat.llm.errors import ModelRefusedError

LONGEST_ANSWER = 1024  # where nobody says
_ANSWER_SHARE = 4  # the answer may have one part in so many of the context, if it wants that much
_ROOMY = 0.75


class Prompt(NamedTuple):
    """`tokens[:stable]` are the same for every conversation with this system text and tools.
    `room`: how many tokens the answer may have. `thinking`: it begins within a thought."""

    tokens: list[int]
    stable: int
    room: int
    thinking: bool


class Prompts:
    """Makes them for one model."""

    def __init__(self, model: LoadedModel) -> None:
        """Raises ModelRefusedError for a chat template that nobody can read."""
        self._model = model
        self._template = Template(model.template, model.special("bos"), model.special("eos"))
        self._stable: tuple[bytes, list[int]] = (b"", [])
        self._first: Message | None = None
        self.syntax: Syntax = family(
            self._template.text,
            shows_tools=self._template.style.tools,
            has_token=model.is_special,
        )

    def make(self, request: Request) -> Prompt:
        """Drops the oldest turns, whole, until it fits. Raises ModelRefusedError when not even the
        newest turn does."""
        wanted = request.parameters.max_tokens or LONGEST_ANSWER
        context = self._model.context_tokens
        limit = context - min(wanted, context // _ANSWER_SHARE)
        text, tokens = self._fitting(request, limit)
        stable = self._stable_tokens(request)
        shared = _common(stable, tokens)
        room = min(wanted, context - len(tokens))
        return Prompt(tokens, shared, room, text.rstrip().endswith(THINK))

    def _fitting(self, request: Request, limit: int) -> tuple[str, list[int]]:
        all_turns = turns(request.messages)
        if not all_turns:
            raise ModelRefusedError("There is nothing to answer.")
        text, tokens = self._tokens(request, all_turns)
        if len(tokens) <= limit:
            self._first = None
            return text, tokens
        # Where the last conversation was cut, if that is enough: what follows has been read.
        starts = [turn[0] for turn in all_turns]
        if self._first in starts:
            text, tokens = self._tokens(request, all_turns[starts.index(self._first) :])
            if len(tokens) <= limit:
                return text, tokens
        return self._cut(request, all_turns, limit)

    def _cut(
        self, request: Request, all_turns: list[Sequence[Message]], limit: int
    ) -> tuple[str, list[int]]:
        """Drops a little more than it must, so that the next turns fit without another cut, after
        which all has to be read again."""
        low, high = 1, len(all_turns) - 1  # the newest is always kept
        found: tuple[str, list[int]] | None = None
        while low < high:
            middle = (low + high) // 2
            _, tokens = self._tokens(request, all_turns[middle:])
            low, high = (low, middle) if len(tokens) <= limit * _ROOMY else (middle + 1, high)
        found = self._tokens(request, all_turns[low if len(all_turns) > 1 else 0 :])
        if len(found[1]) > limit:
            raise ModelRefusedError(
                f"That is too long for the language model: {len(found[1])} tokens, where"
                f" {limit} of its {self._model.context_tokens} are for what it is told."
            )
        self._first = all_turns[low][0]
        return found

    def _tokens(self, request: Request, kept: list[Sequence[Message]]) -> tuple[str, list[int]]:
        messages = [message for turn in kept for message in turn]
        style = self._template.style
        plain = plain_messages(
            _with_context(messages, request.context), style, self._model.is_special
        )
        tools = () if request.tool_choice == "none" else request.tools
        text = self._template.render(request.system, plain, tools)
        return text, self._model.tokens(text, whole_prompt=True)

    def _stable_tokens(self, request: Request) -> list[int]:
        """What is alike in two conversations that have nothing in common."""
        tools = () if request.tool_choice == "none" else request.tools
        key = msgspec.json.encode((request.system, tools))
        if self._stable[0] != key:
            one, other = (
                self._model.tokens(
                    self._template.render(
                        request.system, [{"role": "user", "content": word}], tools
                    ),
                    whole_prompt=True,
                )
                for word in ("what", "Some")
            )
            self._stable = key, one[: _common(one, other)]
        return self._stable[1]


def _with_context(messages: Sequence[Message], context: str) -> list[Message]:
    """`context` before the newest thing that a person said."""
    found = list(messages)
    newest = max(at for at, message in enumerate(found) if message.role == "user")
    if context:
        before = Message(role="user", text=context)
        found.insert(newest, before)
    return found


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many of the first are alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
