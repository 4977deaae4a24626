"""A server made with the SDK: on its standard input, or with a port, over HTTP (`--sse`: the old
way)."""

import asyncio
import os
import sys

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("demo")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def pid() -> int:
    """The number of this process."""
    return os.getpid()


@server.tool()
async def wait(seconds: float, context: Context) -> str:
    """Wait, and tell how far it is."""
    await context.report_progress(1, 2, "half")
    await asyncio.sleep(seconds)
    return "waited"


@server.tool()
async def die() -> str:
    """End this process in the middle of the call."""
    print("I was told to die", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool()
async def learn(name: str, context: Context) -> str:
    """Have one more tool."""

    def taught() -> str:
        return name

    server.add_tool(taught, name=name, description=f"Say {name}.")
    await context.session.send_tool_list_changed()
    return "learnt"


@server.prompt()
def greet(who: str) -> str:
    """Greet somebody."""
    return f"Say hello to {who}."


@server.resource("demo://note")
def note() -> str:
    """A note."""
    return "remember"


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    if not numbers:
        server.run()
    else:
        way = "sse" if "--sse" in sys.argv else "streamable-http"
        server.run(transport=way, port=numbers[0])  # type: ignore[call-overload]
