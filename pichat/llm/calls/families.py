"""Which family a model belongs to."""

from __future__ import annotations

from collections.abc import Callable

from pichat.llm.calls.hermes import HERMES
from pichat.llm.calls.lfm2 import LFM2
from pichat.llm.calls.llama3 import LLAMA3
from pichat.llm.calls.mistral import MISTRAL
from pichat.llm.calls.plain import PLAIN
from pichat.llm.calls.syntax import Syntax

_SIGNS = (
    ("<tool_call>", HERMES),
    ("[TOOL_CALLS]", MISTRAL),
    ("<|tool_call_start|>", LFM2),
    ("<|python_tag|>", LLAMA3),
    ("ipython", LLAMA3),
)


def family(template: str, *, shows_tools: bool, has_token: Callable[[str], bool]) -> Syntax:
    """By the chat template of the model, which a model was taught together with its calls. When it
    does not show tools to the model, they are described to it in the way of Hermes. `has_token`:
    whether a text is a token of its own; LFM2's older templates do not tell of theirs."""
    if not shows_tools:
        return HERMES
    other = LFM2 if has_token(LFM2.start) else PLAIN
    return next((syntax for sign, syntax in _SIGNS if sign in template), other)
