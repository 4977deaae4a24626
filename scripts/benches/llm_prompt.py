"""How many tokens of tools a model reads before anybody has said a word: the house and the tools,
in the form that Qwen's and Hermes' templates give them. PiChat's rules come on top, in the note.

The tokenizer is cl100k, of which Qwen's vocabulary is an extension.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rs_bpe.bpe import openai

from pichat.config.types import Profile
from pichat.events import Device
from pichat.llm.base import ToolSpec
from pichat.tools import load_tools
from pichat.tools.specs import house_text, tool_specs
from pichat.turn.prompt import system_text
from scripts.benches.figure import Figure
from tests.intents.house import HOUSE
from tests.support.big_house import big_house

_PROMPT = """\
<|im_start|>system
{system}

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{tools}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call><|im_end|>
"""


def tool_prompt(devices: Sequence[Device], system: str = "") -> str:
    """The house and every tool, as they stand before each conversation, behind a `system` text
    that has the house in it, or the house alone."""
    return prompt_of(devices, tool_specs(load_tools(), devices=devices), system)


def prompt_of(devices: Sequence[Device], specs: Sequence[ToolSpec], system: str = "") -> str:
    """The same with these tools."""
    functions = (
        {"name": s.name, "description": s.description, "parameters": s.parameters} for s in specs
    )
    lines = (
        json.dumps({"type": "function", "function": function}, ensure_ascii=False)
        for function in functions
    )
    system = system or house_text(devices)
    return _PROMPT.format(system=system, tools="\n".join(lines))


def tokens(text: str) -> int:
    return int(openai.cl100k_base().count(text))


def _figure(name: str, devices: Sequence[Device], limit: float) -> Figure:
    with_rules = tool_prompt(devices, system_text(Profile(), house_text(devices), "en"))
    return Figure(
        name=f"llm.tool_prompt_tokens_{name}",
        value=tokens(tool_prompt(devices)),
        unit="",
        limit=limit,
        note=f"{len(devices)} devices, {tokens(house_text(devices))} of it the house;"
        f" {tokens(with_rules)} with PiChat's rules",
    )


def run() -> list[Figure]:
    return [_figure("default", HOUSE, 900), _figure("100_devices", big_house(), 2500)]


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name:36} {figure.value:8.0f}  {figure.note}")
