"""Mistral, Mixtral and Ministral: all calls of an answer in one list.

    [TOOL_CALLS][{"name": "get_time", "arguments": {"zone": "UTC"}}]

Source: mistralai/mistral-common, the tokenizers v2 to v7.
"""

from __future__ import annotations

from pichat.llm.calls.syntax import Syntax

MISTRAL = Syntax(name="mistral", start="[TOOL_CALLS]", listed=True)
