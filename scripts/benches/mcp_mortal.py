"""A server that is killed: `python -I mcp_mortal.py` speaks on its standard input, with a port at
that port. It knows one tool, `echo`, and needs nothing but Python, so that it starts soon."""

import asyncio
import json
import sys
from typing import Any


def answer(message: dict[str, Any]) -> bytes | None:
    number, params = message.get("id"), message.get("params") or {}
    result: dict[str, Any]
    match message.get("method"):
        case _ if number is None:
            return None
        case "initialize":
            result = {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "mortal", "version": "1"},
            }
        case "tools/list":
            schema = {"type": "object", "properties": {"text": {"type": "string"}}}
            result = {"tools": [{"name": "echo", "description": "", "inputSchema": schema}]}
        case "tools/call":
            result = {"content": [{"type": "text", "text": params["arguments"]["text"]}]}
        case method:
            error = {"code": -32601, "message": f"no {method}"}
            return json.dumps({"jsonrpc": "2.0", "id": number, "error": error}).encode()
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of HTTP as one client speaks."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = head.decode().lower().split("\r\n")
            lengths = [int(each[15:]) for each in fields if each.startswith("content-length:")]
            body = await reader.readexactly(lengths[0] if lengths else 0)
            said = answer(json.loads(body)) if fields[0].startswith("post") else b""
            status = "202 Accepted" if said is None else "200 OK" if said else "405 No"
            said = said or b""
            start = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
            writer.write(f"{start}content-length: {len(said)}\r\n\r\n".encode() + said)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(int(sys.argv[1])))
    for line in sys.stdin:
        told = answer(json.loads(line))
        if told is not None:
            sys.stdout.buffer.write(told + b"\n")
            sys.stdout.buffer.flush()
