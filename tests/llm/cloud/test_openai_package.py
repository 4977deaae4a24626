"""OpenAI's own package as a witness: it reads in our servers' stream what we read in it."""

from __future__ import annotations

import pytest

from pichat.llm.base import Usage
from tests.llm.cloud.peer import Peer, streams
from tests.llm.cloud.talk import answered
from tests.llm.cloud.wires import OPENAI

pytestmark = pytest.mark.long


async def test_it_reads_the_same(peer: Peer) -> None:
    from openai import AsyncOpenAI  # takes half a second

    peer.answers.append(streams(OPENAI.answer))
    text, names, arguments, usage = "", dict[int, str](), dict[int, str](), None
    async with AsyncOpenAI(api_key="k", base_url=f"{peer.url}/v1") as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hello?"}], stream=True
        )
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices or ():
                text += choice.delta.content or ""
                for call in choice.delta.tool_calls or ():
                    assert call.function is not None
                    names.setdefault(call.index, call.function.name or "")
                    written = arguments.get(call.index, "") + (call.function.arguments or "")
                    arguments[call.index] = written
    ours = answered(OPENAI.means, "them")
    assert text == ours.text
    assert list(names.values()) == [call.name for call in ours.calls]
    assert [each or "{}" for each in arguments.values()] == [call.arguments for call in ours.calls]
    assert usage is not None
    (counted,) = (event for event in OPENAI.means if isinstance(event, Usage))
    assert usage.prompt_tokens == counted.input_tokens
    assert usage.completion_tokens == counted.output_tokens
