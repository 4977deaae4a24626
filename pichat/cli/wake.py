"""`pichat wake`: how surely each engine hears each wake word just now, to tune the thresholds."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option

_BAR_WIDTH = 40
_PEAK_S = 3.0
_NAMES = {"microwakeword": "microWakeWord", "openwakeword": "openWakeWord"}
_NOT_A_WORD = ("follow_up", "button", "interruption")


class Meter:
    """A bar for each word and engine; the highest score of the last seconds stays marked."""

    def __init__(self) -> None:
        self._scores: dict[tuple[str, str], float] = {}
        self._peaks: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, scores: Mapping[str, Mapping[str, float]], now_s: float) -> None:
        """engine → word → score. An engine that did not run shows nothing."""
        self._scores = dict.fromkeys(self._scores, 0.0)
        for engine, words in scores.items():
            for word, score in words.items():
                row = (word, engine)
                self._scores[row] = score
                peak, until_s = self._peaks.get(row, (0.0, 0.0))
                if score >= peak or now_s > until_s:
                    self._peaks[row] = (score, now_s + _PEAK_S)

    def table(self, now_s: float) -> Table:
        table = Table(box=None, show_header=False)
        if not self._scores:
            table.add_row("Waiting for the first scores …")
        for row, score in sorted(self._scores.items()):
            peak, until_s = self._peaks.get(row, (0.0, 0.0))
            peak = max(score, peak if now_s <= until_s else 0.0)
            word, engine = row
            table.add_row(
                Text(word), Text(_NAMES.get(engine, engine)), _bar(score, peak), f"{peak:.2f}"
            )
        return table


def _bar(score: float, peak: float) -> Text:
    full, mark = round(score * _BAR_WIDTH), round(peak * _BAR_WIDTH)
    line = "█" * full + "·" * (_BAR_WIDTH - full)
    if mark > full:
        line = line[: mark - 1] + "▏" + line[mark:]
    return Text(line)


def in_words(frame: Mapping[str, Any]) -> str | None:
    """What one event says besides scores: a wake, or a word that one engine did not take."""
    payload = frame.get("payload") or {}
    where = "" if payload.get("station", "local") == "local" else f" at {payload['station']}"
    match frame.get("action"), payload:
        case "voice_heard", {"what": "wake", "detail": word} if word not in _NOT_A_WORD:
            return f"wake: {word}{where} ({_numbers(payload.get('scores') or {})})"
        case "wake_scored", {"near_miss": str(word)}:
            engines = payload["scores"].items()
            scores = {engine: words[word] for engine, words in engines if word in words}
            return f"near miss: {word}{where} ({_numbers(scores)})"
    return None


def _numbers(scores: Mapping[str, float]) -> str:
    named = (f"{_NAMES.get(engine, engine)} {score:.2f}" for engine, score in scores.items())
    return ", ".join(named) or "no scores"


async def _wake(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["scores", "voice"]})
        if as_json:
            async for frame in connection.frames():
                if frame["status"] == "event":
                    click.echo(json.dumps(frame, ensure_ascii=False))
            return 0
        meter = Meter()
        clock = time.monotonic
        with Live(meter.table(clock()), console=console, auto_refresh=False) as live:
            async for frame in connection.frames():
                if frame.get("action") == "wake_scored":
                    meter.take(frame["payload"]["scores"], clock())
                if line := in_words(frame):
                    live.console.print(line, soft_wrap=True)
                live.update(meter.table(clock()), refresh=True)
    return 0


async def _until_interrupted(state_dir: Path, *, as_json: bool) -> int:
    """A meter is ended with Ctrl-C, which is no failure."""
    try:
        return await _wake(state_dir, as_json=as_json)
    except asyncio.CancelledError:
        return 0


@click.command()
@json_option
@state_dir_option
def wake(*, as_json: bool, state_dir: Path) -> None:
    """Show live how surely each engine hears each wake word, and which were nearly taken. Speak,
    and set the thresholds of voice.wake_words between what is said and what is not. End with
    Ctrl-C."""
    finish(_until_interrupted(state_dir, as_json=as_json))
