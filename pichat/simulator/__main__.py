"""`python -m pichat.simulator`: the simulator in a process of its own.

The first line of standard output is the path to open. It ends on SIGTERM and SIGINT, and, with
--until-stdin-closes, when standard input ends, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from pichat.errors import PiChatError
from pichat.simulator.house import load_house
from pichat.simulator.ncp.registry import NEWEST, OLDEST
from pichat.simulator.radio import RadioSettings
from pichat.simulator.server import ControlServer
from pichat.simulator.world import Options, Simulator


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _milliseconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 60_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 60000")
    return value


def parser() -> argparse.ArgumentParser:
    usual = RadioSettings()
    made = argparse.ArgumentParser("python -m pichat.simulator", description=__doc__)
    made.add_argument("--house", type=Path, help="house file (default: PiChat's own)")
    made.add_argument("--tcp", type=int, metavar="PORT", help="listen on 127.0.0.1 instead")
    made.add_argument("--link", type=Path, help="lasting name for the pseudo-terminal")
    made.add_argument("--state", type=Path, help="flash memory; without it: factory-fresh")
    made.add_argument("--control", type=Path, metavar="SOCKET", help="control socket")
    made.add_argument("--ezsp", type=int, default=OLDEST, help=f"version, {OLDEST} to {NEWEST}")
    made.add_argument("--radio-delay-ms", type=_milliseconds, default=usual.radio_delay_ms)
    made.add_argument("--loss", type=_share, default=usual.loss, help="share of messages lost")
    made.add_argument("--seed", type=int, help="makes losses and addresses repeatable")
    made.add_argument("--until-stdin-closes", action="store_true")
    made.add_argument("--verbose", action="store_true")
    return made


async def _stdin_closed(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        continue
    stop.set()


async def _run(args: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    options = Options(
        house=load_house(args.house),
        state=args.state,
        tcp_port=args.tcp,
        link=args.link,
        ezsp_version=args.ezsp,
        seed=args.seed,
        radio=RadioSettings(radio_delay_ms=args.radio_delay_ms, loss=args.loss),
    )
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(options))
        if args.control is not None:
            await stack.enter_async_context(ControlServer(simulator, args.control))
        sys.stdout.write(f"{simulator.path}\n")
        sys.stdout.flush()
        watcher = asyncio.create_task(_stdin_closed(stop)) if args.until_stdin_closes else None
        await stop.wait()
        if watcher is not None:
            watcher.cancel()


def main() -> int:
    args = parser().parse_args()
    level = logging.DEBUG if args.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_run(args))
    except PiChatError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
