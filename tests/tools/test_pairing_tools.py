"""Only people of the house let screens in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.errors import NotAllowedError
from pichat.events import Source, ToolCall
from pichat.store.audit import open_audit
from pichat.store.db import open_database
from pichat.tools.base import Toolbox
from pichat.tools.pairing_tools import pairing_tools
from pichat.tools.specs import tool_specs
from tests.support.fake_house import FakeHouse


class Pairs:
    async def code_for_screen(self) -> str:
        return "123456"


@pytest.mark.parametrize("source", ["voice", "screen", "shell", "agent", "guest", "model"])
async def test_who_may_pair_a_screen(source: Source) -> None:
    async with open_database(Path(":memory:")) as database, open_audit(database) as audit:
        assert tool_specs(pairing_tools(Pairs())) == ()  # no model is told of it
        tools = Toolbox(FakeHouse(), audit, pairing_tools(Pairs()))
        call = ToolCall(name="pair_screen", arguments={})
        if source in ("voice", "screen", "shell"):
            result = await tools.call(call, source=source, turn_id="t")
            assert result.value == {"code": "123456"}
        else:
            with pytest.raises(NotAllowedError):
                await tools.call(call, source=source, turn_id="t")
