"""Which family a model belongs to."""

from __future__ import annotations

from pichat.llm.calls.hermes import HERMES
from pichat.llm.calls.llama3 import LLAMA3
from pichat.llm.calls.mistral import MISTRAL
from pichat.llm.calls.plain import PLAIN
from pichat.llm.calls.syntax import Syntax

_SIGNS = (
    ("<tool_call>", HERMES),
    ("[TOOL_CALLS]", MISTRAL),
    ("<|python_tag|>", LLAMA3),
    ("ipython", LLAMA3),
)


def family(template: str, *, shows_tools: bool) -> Syntax:
    """By the chat template of the model, which a model was taught together with its calls. When it
    does not show tools to the model, they are described to it in the way of Hermes."""
    if not shows_tools:
        return HERMES
    return next((syntax for sign, syntax in _SIGNS if sign in template), PLAIN)
