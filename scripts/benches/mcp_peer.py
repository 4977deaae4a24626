"""A peer's side of the bench, run by its own interpreter: `mcp_peer.py fastmcp|mcp-proxy
cold|latency`, with the servers' addresses on its standard input. It prints JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

CALLS, LOT, WARM = 300, 50, 20


async def timed(call: Callable[[], Any]) -> float:
    began_s = time.perf_counter()
    await call()
    return time.perf_counter() - began_s


async def by_turns(directly: Callable[[], Any], by_peer: Callable[[], Any]) -> dict[str, float]:
    direct_s: list[float] = []
    peer_s: list[float] = []
    for _ in range(WARM):
        await directly()
        await by_peer()
    for _ in range(CALLS // LOT):
        direct_s += [await timed(directly) for _ in range(LOT)]
        peer_s += [await timed(by_peer) for _ in range(LOT)]
    return {"direct_ms": median(direct_s) * 1000, "peer_ms": median(peer_s) * 1000}


async def fastmcp_cold(urls: list[str]) -> dict[str, float]:
    """Its proxy over all of them: until all tools are listed and the last one has answered."""
    began_s = time.perf_counter()
    from fastmcp import Client  # type: ignore[import-not-found]
    from fastmcp.server import create_proxy  # type: ignore[import-not-found]

    servers = {f"hive{number}": {"url": url} for number, url in enumerate(urls)}
    proxy = create_proxy({"mcpServers": servers}, mode="legacy")
    # Asked in the new way, it takes longer for 200 servers than its own client waits.
    async with Client(proxy, mode="legacy") as client:
        tools = await client.list_tools()
        if len(tools) != 20 * len(urls):
            raise RuntimeError(f"{len(tools)} tools")
        last = next(each.name for each in tools if f"hive{len(urls) - 1}_" in each.name)
        await client.call_tool(last, {"text": "first"})
    return {"used_s": time.perf_counter() - began_s}


async def fastmcp_latency(urls: list[str]) -> dict[str, float]:
    """In the same process as its client, which is the best case for it."""
    import mcp
    from fastmcp import Client
    from fastmcp.server import create_proxy

    async with mcp.Client(urls[0]) as direct, Client(create_proxy(urls[0])) as proxied:
        return await by_turns(
            lambda: direct.call_tool("say_0", {"text": "x"}),
            lambda: proxied.call_tool("say_0", {"text": "x"}),
        )


async def mcp_proxy_latency(urls: list[str]) -> dict[str, float]:
    """The program, which makes a server of standard input of one with an address."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamablehttp_client  # type: ignore[attr-defined]

    program = StdioServerParameters(
        command=str(Path(sys.executable).with_name("mcp-proxy")),
        args=["--transport", "streamablehttp", urls[0]],
    )
    async with (
        streamablehttp_client(urls[0]) as (read, write, _),
        ClientSession(read, write) as direct,
        stdio_client(program) as (proxy_read, proxy_write),
        ClientSession(proxy_read, proxy_write) as proxied,
    ):
        await direct.initialize()
        await proxied.initialize()
        return await by_turns(
            lambda: direct.call_tool("say_0", {"text": "x"}),
            lambda: proxied.call_tool("say_0", {"text": "x"}),
        )


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    addresses = json.loads(sys.stdin.readline())
    measure = {
        ("fastmcp", "cold"): fastmcp_cold,
        ("fastmcp", "latency"): fastmcp_latency,
        ("mcp-proxy", "latency"): mcp_proxy_latency,
    }[sys.argv[1], sys.argv[2]]
    print(json.dumps(asyncio.run(measure(addresses))))
