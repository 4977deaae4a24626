"""Models whose template shows them tools, and that answer with the object and nothing around it.

{"name": "get_time", "arguments": {"zone": "UTC"}}
"""

from __future__ import annotations

from pichat.llm.calls.syntax import Syntax

PLAIN = Syntax(name="plain", bare=True)
