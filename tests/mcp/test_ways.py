"""The SDK's own servers, over every way there is and in both eras: tools are called, and a new one
is noticed. Without any server, nothing of the SDK is loaded."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pichat.mcp.base import Catalogue
from pichat.mcp.upstream.limits import Limits
from tests.mcp.neighbours import street

SDK = Path(__file__).with_name("servers") / "sdk.py"
LEGACY = Catalogue(era="legacy")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The address of all of them."""
    with subprocess.Popen((sys.executable, str(SDK)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


@pytest.mark.parametrize("known", [None, LEGACY], ids=["new", "old"])
@pytest.mark.parametrize("way", ["events", "json"])
async def test_what_is_new_is_noticed(base: str, way: str, known: Catalogue | None) -> None:
    async with street(Limits(settle_s=0.05)) as there:
        found = there.moves_in(known, url=f"{base}/{way}")
        assert await found.says("hello") == "hello"
        era = found.upstream.status().era
        assert era == ("legacy" if known else "2026-07-28")
        name = f"{way}_{era}".replace("-", "_")
        await found.upstream.call("learn", {"name": name})
        await found.until(lambda: name in found.tools)


async def test_without_sessions_and_the_oldest_way(base: str) -> None:
    async with street(Limits()) as there:
        for way, settings in (
            ("stateless", {"url": f"{base}/stateless"}),
            ("sse", {"url": f"{base}/sse", "transport": "sse"}),
        ):
            found = there.moves_in(**settings)
            assert await found.says("hello") == "hello", way
            assert {"echo", "learn"} <= found.tools
        oldest = there.neighbours[-1]
        await oldest.upstream.call("learn", {"name": "late"})
        await oldest.until(lambda: "late" in oldest.tools)


def test_without_servers_nothing_of_the_sdk_is_loaded() -> None:
    code = (
        "import asyncio, sys\n"
        "import pichat.app.daemon, pichat.mcp.aggregator, pichat.mcp.shelf\n"
        "from pichat.mcp.aggregator import Aggregator\n"
        "from pichat.mcp.shelf import Shelf\n"
        "async def main():\n"
        "    aggregator = Aggregator(Shelf(None, (), ()), lambda now: None)\n"
        "    serving = asyncio.create_task(aggregator.serve())\n"
        "    aggregator.set_servers({})\n"
        "    await asyncio.sleep(0)\n"
        "    serving.cancel()\n"
        "    await asyncio.gather(serving, return_exceptions=True)\n"
        "asyncio.run(main())\n"
        "heavy = ('mcp', 'mcp_types', 'httpx2', 'httpcore2', 'pydantic', 'starlette', 'anyio')\n"
        "print(*(name for name in heavy if name in sys.modules))\n"
    )
    ran = subprocess.run(
        (sys.executable, "-c", code), stdout=subprocess.PIPE, text=True, check=True
    )
    assert ran.stdout.split() == []
