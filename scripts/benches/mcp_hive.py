"""Many servers in one process: `python -m scripts.benches.mcp_hive SERVERS TOOLS`. Each is
one of the SDK's, at a path of its own, as it would be in a process of its own. It prints its
address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SERVERS, TOOLS = 200, 20


@contextmanager
def hive(servers: int = SERVERS, tools: int = TOOLS) -> Iterator[list[str]]:
    """Running; the addresses of its servers."""
    command = [sys.executable, "-m", "scripts.benches.mcp_hive", str(servers), str(tools)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().strip()
            if not base:
                raise RuntimeError("the servers did not start")
            yield [f"{base}/{number}/mcp" for number in range(servers)]
        finally:
            process.kill()


def _tools(number: int, count: int) -> list[dict[str, object]]:
    """As large as real ones are."""
    text = {"type": "string", "description": "What is to be said again, word for word."}
    count_of = {"type": "integer", "description": "How often; once when nothing is said."}
    return [
        {
            "name": f"say_{each}",
            "description": f"Say something again, as number {each} of server {number} does it:"
            " use it when somebody asks for exactly that, and for nothing else.",
            "inputSchema": {
                "type": "object",
                "properties": {"text": text, "times": count_of},
                "required": ["text"],
            },
        }
        for each in range(count)
    ]


async def _serve(servers: int, tools: int) -> None:
    import uvicorn
    from mcp import types
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    def manager(number: int) -> StreamableHTTPSessionManager:
        listed = [types.Tool.model_validate(each) for each in _tools(number, tools)]

        async def on_list(_: object, __: object) -> types.ListToolsResult:
            return types.ListToolsResult(tools=listed)

        async def on_call(_: object, params: types.CallToolRequestParams) -> types.CallToolResult:
            text = f"{number} {(params.arguments or {})['text']}"
            return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

        server = Server(f"hive-{number}", on_list_tools=on_list, on_call_tool=on_call)
        return StreamableHTTPSessionManager(server, json_response=True)

    managers = [manager(number) for number in range(servers)]
    unknown = manager(servers)  # for who looks around on this machine

    async def application(scope: dict[str, object], receive: object, send: object) -> None:
        number = str(scope["path"]).split("/")[1]
        each = managers[int(number)] if number.isdigit() else unknown
        await each.handle_request(scope, receive, send)  # type: ignore[arg-type]

    # asyncio sends at once only what is certainly TCP.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1000)
    config = uvicorn.Config(application, log_level="error", lifespan="off", timeout_keep_alive=60)
    async with contextlib.AsyncExitStack() as stack:
        for each in (*managers, unknown):
            await stack.enter_async_context(each.run())
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
