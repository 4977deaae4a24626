"""Liquid's LFM2: a list between two tokens. It writes Python by itself, and JSON when held to it,
as the grammar does.

    <|tool_call_start|>[{"name": "get_time", "arguments": {"zone": "UTC"}}]<|tool_call_end|>

Text may stand before and after. Source: the model cards of LiquidAI.
"""

from __future__ import annotations

from pichat.llm.calls.syntax import Syntax

LFM2 = Syntax(
    name="lfm2", start="<|tool_call_start|>", end="<|tool_call_end|>", listed=True, again=True
)
