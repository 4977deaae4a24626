"""Servers of the SDK behind one port, one for each way of answering: /events, /json, /stateless and
the oldest way, /sse. It prints its port."""

import asyncio
import contextlib
import socket
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer


def server_of(name: str) -> MCPServer:
    server = MCPServer(name)

    @server.tool()
    def echo(text: str) -> str:
        """Say it again."""
        return text

    @server.tool()
    async def learn(name: str, context: Context) -> str:
        """Have one more tool, and tell everybody."""

        def taught() -> str:
            return name

        server.add_tool(taught, name=name, description=f"Say {name}.")
        await context.notify_tools_changed()
        await context.session.send_tool_list_changed()
        return "learnt"

    return server


async def main() -> None:
    ways: dict[str, Any] = {
        "events": server_of("events").streamable_http_app(streamable_http_path="/events"),
        "json": server_of("json").streamable_http_app(
            streamable_http_path="/json", json_response=True
        ),
        "stateless": server_of("stateless").streamable_http_app(
            streamable_http_path="/stateless", stateless_http=True
        ),
        "sse": server_of("sse").sse_app(),
        "messages": None,
    }
    ways["messages"] = ways["sse"]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        way = ways.get(scope["path"].split("/")[1], ways["json"])
        await way(scope, receive, send)

    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    async with contextlib.AsyncExitStack() as stack:
        for name in ("events", "json", "stateless"):
            each = ways[name]
            await stack.enter_async_context(each.router.lifespan_context(each))
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(application, log_level="error", lifespan="off")
        await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.run(main())
