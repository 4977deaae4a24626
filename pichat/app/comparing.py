"""Asks the active profile's model which of several tools is better."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from pichat.errors import UnavailableError
from pichat.llm.base import Message, Request, TextDelta
from pichat.llm.chain import Chain
from pichat.mcp.preferring import Ask
from pichat.turn.profiles import Profiles

COMPARED_S = 60.0


def asking(chain: Chain, profiles: Profiles, compared_s: float = COMPARED_S) -> Ask:
    """Each time, whoever the profile that is active then would ask, in the cloud only if it may."""

    async def ask(system: str, text: str) -> str:
        profile = profiles.get(profiles.active)
        request = Request(system=system, messages=(Message(role="user", text=text, outside=True),))
        answering = chain.stream(profile.steps, request, may_use_cloud=profile.may_use_cloud)
        try:
            async with asyncio.timeout(compared_s), aclosing(answering) as pieces:
                said = [each.text async for each in pieces if isinstance(each, TextDelta)]
        except TimeoutError:
            raise UnavailableError("The model took too long.") from None
        return "".join(said)

    return ask
