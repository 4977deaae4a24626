"""`pichat runs`: what was spoken lately, and what became of it, stage by stage."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.errors import NotFoundError

Run = dict[str, Any]

_BAR_WIDTH = 36
_WOKEN = {"follow_up": "follow-up", "button": "button", "interruption": "spoken into an answer"}
_ENDED = {
    "complete": "the command was complete",
    "silence": "silence",
    "open": "a long silence: it seemed to go on",
    "stopped": "it was stopped",
    "capped": "it went on for too long",
    "gave_up": "nobody spoke",
}
_STAGES = {
    "wait": "waiting for speech",
    "speech": "speech",
    "recognition": "end of speech, text",
    "thought": "understanding",
    "voicing": "making speech",
    "answer": "speaking the answer",
}
_EVENTS = {
    "wake": "woken by",
    "near_miss": "nearly woken by",
    "stood_down": "another station was first",
    "speech_start": "speech begins",
    "speech_end": "speech ends:",
    "capped": "speech is cut off:",
    "gave_up": "gives up",
    "transcribed": "a second engine is asked:",
    "partial": "hears so far:",
    "transcript": "heard:",
    "understood": "takes it as:",
    "tool": "calls",
    "said": "begins to answer:",
    "finished": "the answer stands:",
    "first_audio": "the first sound of the answer",
    "paused": "pauses: somebody speaks",
    "resumed": "goes on: it was nothing",
    "interrupted": "interrupted by",
    "spoken": "has said it all",
    "heard": "was heard:",
    "lost": "(events were lost here)",
}


def _woken(run: Run) -> str:
    by = str(_WOKEN.get(run["woken_by"]) or run["woken_by"])
    if run["kind"] == "near_miss":
        return f"{by} (nearly)"
    return "left to another station" if run["kind"] == "stood_down" else by


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"


def _answer(run: Run) -> Text:
    """The answer, the part that nobody heard struck."""
    whole, heard = run["answer"] or run["answer_heard"] or "", run["answer_heard"]
    if run["whole"] is not False or heard is None:
        return Text(whole)
    at = len(heard) if whole.startswith(heard) else 0
    return Text.assemble(whole[:at], (whole[at:], "strike dim"))


def table_of(runs: list[Run]) -> Table:
    """The runs as the daemon lists them."""
    table = Table(
        "", "Time", "Woken by", "Heard", "Ended by", "Answer", "→ radio", "→ sound",
        box=None, header_style="bold",
    )  # fmt: skip
    for number, run in enumerate(runs, 1):
        time = datetime.fromtimestamp(run["began_s"]).astimezone().strftime("%H:%M:%S")
        cells = (str(number), time, _woken(run), run["heard"], run["ended_by"].replace("_", " "))
        times = map(Text, (_ms(run["radio_ms"]), _ms(run["first_audio_ms"])))
        # Text: what was said may hold what would be markup.
        table.add_row(*map(Text, cells), _answer(run), *times)
    return table


def _facts(run: Run) -> Iterator[tuple[str, RenderableType]]:
    scores = ", ".join(f"{engine} {score:.2f}" for engine, score in run["scores"].items())
    yield "woken by", Text(_woken(run) + (f" ({scores})" if scores else ""))
    if run["station"] != "local":
        yield "station", Text(run["station"])
    yield "heard", Text(run["heard"] or "nothing")
    if run["ended_by"]:
        yield "ended by", Text(_ENDED.get(run["ended_by"]) or run["ended_by"])
    if run["answer"] or run["answer_heard"]:
        yield "answer", _answer(run)
    if run["code"]:
        yield "failed with", Text(run["code"])
    if run["interrupted_by"]:
        yield "interrupted by", Text(run["interrupted_by"])
    yield "sound", Text("kept: --audio FILE" if run["has_audio"] else "not kept")


def _stages(run: Run) -> Table:
    table = Table("Stage", "from", "took", "", box=None, header_style="bold")
    longest = max((stage["end_ms"] for stage in run["stages"]), default=0) or 1
    for stage in run["stages"]:
        start, end = (round(stage[at] / longest * _BAR_WIDTH) for at in ("start_ms", "end_ms"))
        bar = " " * min(start, _BAR_WIDTH - 1) + "█" * max(1, end - start)
        name = stage["detail"] if stage["name"] == "tool" else _STAGES[stage["name"]]
        took = _ms(stage["end_ms"] - stage["start_ms"])
        table.add_row(Text(name), _ms(stage["start_ms"]), took, bar)
    return table


def _outcomes(tool: dict[str, Any]) -> Iterator[str]:
    for outcome in tool["outcomes"]:
        name, capability = outcome["device_name"], outcome["capability"]
        if outcome["error_code"]:
            yield f"{name}: {outcome['error']}"
        else:
            yield f"{name} {capability}: {json.dumps(outcome['state'])} confirmed"
    if tool["more_outcomes"]:
        yield f"and {tool['more_outcomes']} more"


def _events(run: Run) -> Table:
    table = Table("at", "What happened", box=None, header_style="bold")
    tools = iter(run["tools"])
    for event in run["events"]:
        words = f"{_EVENTS.get(event['what'], event['what'])} {event['text']}".strip()
        table.add_row(_ms(event["at_ms"]), Text(words))
        if event["what"] == "tool" and (tool := next(tools, None)):
            table.add_row("", Text(tool["arguments"], style="dim"))
            for line in _outcomes(tool):
                table.add_row(_ms(tool["at_ms"] + tool["duration_ms"]), Text(line))
    if run["dropped"]:
        table.add_row("", Text(f"({run['dropped']} events were too many to be kept)"))
    return table


def timeline_of(run: Run) -> Group:
    """One run, from its wake to the last word of its answer."""
    facts = Table(box=None, show_header=False)
    for name, value in _facts(run):
        facts.add_row(Text(name, style="bold"), value)
    parts: list[RenderableType] = [facts, ""]
    if run["stages"]:
        parts += [_stages(run), ""]
    return Group(*parts, _events(run))


def _pick(runs: list[Run], number: int) -> Run:
    if number <= len(runs):
        return runs[number - 1]
    there = f"only {len(runs)}" if runs else "nothing was spoken since PiChat started"
    raise NotFoundError(f"There is no run {number}: {there}.")


def _write(file: Path, sound: dict[str, Any]) -> None:
    file.write_bytes(base64.b64decode(sound["data"]))
    click.echo(f"{file}: {sound['seconds']:.1f} s", err=True)


async def _runs(state_dir: Path, number: int | None, file: Path | None, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        runs = (await connection.ask("get_runs", {}))["runs"]
        if file is not None:
            turn_id = _pick(runs, number or 1)["turn_id"]
            _write(file, await connection.ask("get_run_audio", {"turn_id": turn_id}))
            return 0
    found = runs if number is None else _pick(runs, number)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif number is not None:
        console.print(timeline_of(_pick(runs, number)))
    else:
        console.print(table_of(runs) if runs else "Nothing was spoken since PiChat started.")
    return 0


@click.command()
@click.argument("number", metavar="[N]", type=click.IntRange(min=1), required=False)
@click.option(
    "--audio",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sound of run N, else of the newest, to this WAV file.",
)
@json_option
@state_dir_option
def runs(number: int | None, *, file: Path | None, as_json: bool, state_dir: Path) -> None:
    """List what was spoken lately, or show run N (1 is the newest) stage by stage."""
    finish(_runs(state_dir, number, file, as_json=as_json))
