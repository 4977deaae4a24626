"""The chat template of a GGUF: how the model was taught to see a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from pichat.llm.base import ToolSpec
from pichat.llm.engine.messages import Plain, Style, described, plain_tools
from pichat.llm.errors import ModelRefusedError

# For a model that brings none: most can at least guess what this means.
CHATML = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
<|im_start|>assistant{{ '\n' }}"""
# What templates ask beside the conversation. No thinking aloud: a person waits. No date: the
# beginning must stay the same from day to day, and the newest message tells it.
_OPTIONS: dict[str, Any] = {
    "enable_thinking": False,
    "tools_in_user_message": False,
    "date_string": "as the newest message says",
}
_FAILURES = (jinja2.TemplateError, ValueError, TypeError)
_PROBE = ToolSpec(
    name="probe_tool", description="A probe.", parameters={"type": "object", "properties": {}}
)
_CALL: Plain = {
    "id": "probe0000",
    "type": "function",
    "function": {"name": "probe_tool", "arguments": {}},
}
_RESULT: Plain = {
    "role": "tool",
    "name": "probe_tool",
    "tool_call_id": "probe0000",
    "content": "probe-result",
}
_ASKED: Plain = {"role": "user", "content": "probe-question"}


class Template:
    """`style` is found out by trying, since a template's text does not say what it does."""

    def __init__(self, text: str | None, begin: str, end: str) -> None:
        """`begin` and `end`: the tokens of a text's ends. Raises ModelRefusedError."""
        self.text = text or CHATML
        try:
            self._formatter = Jinja2ChatFormatter(self.text, eos_token=end, bos_token=begin)
        except _FAILURES as error:
            raise ModelRefusedError(
                f"The chat template of the language model cannot be read ({error})."
            ) from error
        self.style = Style(
            system=self._shows("probe-system", [{"role": "system", "content": "probe-system"}]),
            tools=self._shows("probe_tool", [], tools=True),
            calls=self._shows_calls(1),
            parallel=self._shows_calls(2),
        )

    def render(self, system: str, messages: Sequence[Plain], tools: Sequence[ToolSpec]) -> str:
        """The prompt, at whose end the model's answer begins. Raises ModelRefusedError."""
        if tools and not self.style.tools:
            system += described(tools)
        conversation = list(messages)
        if system and self.style.system:
            conversation.insert(0, {"role": "system", "content": system})
        elif system and conversation:
            first = conversation[0]
            conversation[0] = first | {"content": f"{system}\n\n{first['content']}"}
        try:
            return self._render(conversation, tools if self.style.tools else ())
        except _FAILURES as error:
            raise ModelRefusedError(
                f"The chat template of the language model cannot show this conversation ({error})."
            ) from error

    def _render(self, messages: Sequence[Any], tools: Sequence[ToolSpec]) -> str:
        plain: Any = plain_tools(tools) or None
        return self._formatter(messages=list(messages), tools=plain, **_OPTIONS).prompt

    def _shows(self, text: str, before: Sequence[Plain], *, tools: bool = False) -> bool:
        try:
            return text in self._render([*before, _ASKED], [_PROBE] if tools else ())
        except _FAILURES:
            return False

    def _shows_calls(self, count: int) -> bool:
        calls: Plain = {"role": "assistant", "content": "", "tool_calls": [_CALL] * count}
        try:
            prompt = self._render([_ASKED, calls, *[_RESULT] * count], [_PROBE])
        except _FAILURES:
            return False
        return prompt.count("probe-result") == count
