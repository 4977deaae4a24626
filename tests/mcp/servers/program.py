"""A server of the old kind on its standard input, written by hand: it knows `initialize`, ignores
what it does not know, and misbehaves as its first argument says. It starts quickly."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HOW, *MORE = sys.argv[1:] or ["well"]
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
ECHO = {"name": "echo", "description": "Say it again.", "inputSchema": SCHEMA}
LISTINGS = itertools.count(1)
WRITING = threading.Lock()


def write(message: object) -> None:
    with WRITING:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def notify(method: str) -> None:
    write({"jsonrpc": "2.0", "method": method})


def deep(levels: int) -> dict[str, object]:
    schema: dict[str, object] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


def tools() -> list[object]:
    """As HOW says."""
    match HOW:
        case "lies":
            whole = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
            slow = {"type": "object", "properties": {"s": {"type": "string", "pattern": "(a+)+$"}}}
            myself = {"type": "object", "properties": {"x": {"$ref": "#"}}, "$ref": "#"}
            return [
                {**ECHO, "name": "liar", "outputSchema": whole},
                {**ECHO, "name": "slow", "outputSchema": slow},
                {**ECHO, "name": "round", "inputSchema": myself, "outputSchema": myself},
                {**ECHO, "name": "list", "inputSchema": ["no", "object"]},
                {**ECHO, "name": "array", "inputSchema": {"type": "array"}},
                {**ECHO, "name": "large", "inputSchema": {**SCHEMA, "x": "y" * 1_000_000}},
                {**ECHO, "name": "deep", "inputSchema": deep(150)},
                {**ECHO, "name": 7},
                {**ECHO, "name": "n" * 1000},
                "no tool",
                {**ECHO, "description": "long " * 10_000},
                ECHO,
            ]
        case "fickle":
            return [ECHO, {**ECHO, "name": f"now_{next(LISTINGS)}"}]
    return [ECHO, *({**ECHO, "name": name} for name in learnt)]


def listing(number: object, cursor: object) -> None:
    match HOW:
        case "hangs-at-list":
            return
        case "dies-at-list":
            os._exit(4)
        case "huge-list":
            large = {**ECHO, "inputSchema": {**SCHEMA, "x": "y" * 10_000_000}}
            answer(number, {"tools": [large]})
        case "pages":
            page = int(str(cursor or 0))
            some = [{**ECHO, "name": f"t{page}_{each}"} for each in range(50)]
            answer(number, {"tools": [ECHO, *some], "nextCursor": str(page + 1)})
        case "same-page":
            answer(number, {"tools": [ECHO], "nextCursor": "again"})
        case _:
            answer(number, {"tools": tools()})


def calling(number: object, params: dict[str, object]) -> None:
    arguments = params.get("arguments") or {}
    assert isinstance(arguments, dict)
    text = str(arguments.get("text", ""))
    result: dict[str, object] = {"content": [{"type": "text", "text": text}]}
    match HOW, params["name"]:
        case "hangs-at-call", _:
            return
        case "dies-at-call", _:
            print("the last words", file=sys.stderr, flush=True)
            os._exit(3)
        case "megabytes", _:
            result = {"content": [{"type": "text", "text": "x" * 50_000_000}]}
        case "wrong-ids-at-call", _:
            number = 4711
        case _, "liar":
            result["structuredContent"] = {"n": "no number"}
        case _, "slow":
            result["structuredContent"] = {"s": "a" * 40 + "!"}
        case _, "round":
            result["structuredContent"] = {"x": {"x": {}}}
        case "well", _ if text == "learn":
            learnt.append(f"more_{len(learnt)}")
            for _ in range(5):
                notify("notifications/tools/list_changed")
        case "well", _ if text == "cancelled":
            result["content"] = [{"type": "text", "text": json.dumps(cancelled)}]
        case "well", _ if text == "listed":
            result["content"] = [{"type": "text", "text": str(listed)}]
        case "well", _ if text == "wait":
            waiting.append(number)
            return
    answer(number, result)


learnt: list[str] = []
cancelled: list[object] = []
waiting: list[object] = []
listed = 0


def answer(number: object, result: object) -> None:
    write({"jsonrpc": "2.0", "id": number, "result": result})


def flood() -> None:
    while True:
        with WRITING:
            sys.stdout.write(FLOOD)
            sys.stdout.flush()


FLOOD = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n' * 1000
if HOW == "pings":
    FLOOD = '{"jsonrpc":"2.0","id":"p","method":"ping"}\n' * 1000


def mutter() -> None:
    while True:
        os.write(2, b"something that nobody wants to know\n" * 1000)


def settle() -> None:
    """What it does besides, from the start on."""
    match HOW:
        case "dies-at-once":
            print("no key is set", file=sys.stderr)
            sys.exit(1)
        case "stderr-flood":
            threading.Thread(target=mutter, daemon=True).start()
        case "prints":
            print("Server is listening on port 8080!", flush=True)
        case "stubborn" | "offspring":
            offspring = subprocess.Popen(["sh", "-c", "trap '' TERM HUP; sleep 1000; sleep 1000"])
            Path(MORE[0]).write_text(f"{os.getpid()} {offspring.pid}", encoding="ascii")
    if HOW == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if HOW == "until-mended" and not Path(MORE[0]).exists():
        print("the file is not there", file=sys.stderr)
        sys.exit(1)


def main() -> None:
    global listed
    settle()
    for line in sys.stdin:
        message = json.loads(line)
        number = message.get("id")
        if HOW == "wrong-ids":
            number = f"not {number}"
        match message.get("method"):
            case _ if HOW in ("hangs", "prints"):
                continue
            case "initialize":
                able = {"tools": {"listChanged": True}}
                info = {"name": HOW, "version": "1"}
                version = message["params"]["protocolVersion"]
                answer(
                    number, {"protocolVersion": version, "capabilities": able, "serverInfo": info}
                )
            case "notifications/initialized" if HOW in ("floods", "pings"):
                threading.Thread(target=flood, daemon=True).start()
            case "tools/list":
                listed += 1
                listing(number, message.get("params", {}).get("cursor"))
                if HOW == "fickle":
                    notify("notifications/tools/list_changed")
                if HOW == "dies-in-a-loop":
                    os._exit(5)
                if HOW == "reads-no-more":
                    time.sleep(1000)
            case "tools/call":
                calling(number, message["params"])
            case "notifications/cancelled":
                cancelled.append(message["params"]["requestId"] in waiting)
    while HOW == "stubborn":
        time.sleep(1000)


if __name__ == "__main__":
    main()
