"""Hermes 2 Pro, Qwen 2.5 and 3, and many that were taught the same.

    <tool_call>
    {"name": "get_time", "arguments": {"zone": "UTC"}}
    </tool_call>

Any number of them, text before and between. Source: NousResearch/Hermes-Function-Calling.
"""

from __future__ import annotations

from pichat.llm.calls.syntax import Syntax

HERMES = Syntax(name="hermes", start="<tool_call>", end="</tool_call>", again=True)
