"""Llama 3.1 and 3.2: the answer is an object, in some cases behind a token of its own.

    <|python_tag|>{"name": "get_time", "parameters": {"zone": "UTC"}}

One call an answer: their chat template refuses more. Source: Meta's "Llama 3.1 model cards and
prompt formats", JSON based tool calling.
"""

from __future__ import annotations

from pichat.llm.calls.syntax import Syntax

LLAMA3 = Syntax(name="llama3", start="<|python_tag|>", arguments_key="parameters", bare=True)
