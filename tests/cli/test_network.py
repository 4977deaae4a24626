"""The network as a shell shows it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from pichat.cli.zigbee.command import arguments_of
from pichat.cli.zigbee.diagnostics import write_export
from pichat.cli.zigbee.firmware import lines_of
from pichat.cli.zigbee.map import dot_of, tree_of
from pichat.cli.zigbee.reporting import sentence_of
from pichat.cli.zigbee.scan import chart_of


def node(name: str, kind: str, parent: str | None, **more: Any) -> dict[str, Any]:
    plain = {"area": None, "sleepy": False, "error": None}
    return {"id": name, "name": name, "type": kind, "parent_id": parent, **plain, **more}


MAP = {
    "nodes": [
        node("stick", "coordinator", None),
        node("lamp", "router", "stick", area="Hall", error="The lamp does not answer."),
        node('a "door"', "end_device", "lamp", sleepy=True),
    ],
    "links": [
        {"a": "lamp", "b": "stick", "lqi_a": 200, "lqi_b": 90},
        {"a": "lamp", "b": 'a "door"', "lqi_a": 40, "lqi_b": None},
    ],
}


def shown(what: Any) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def test_the_map_is_a_tree_with_the_quality_of_each_link() -> None:
    lines = [line.rstrip() for line in shown(tree_of(MAP)).splitlines()]
    assert lines[0] == "stick"
    # What the stick hears of the lamp comes first.
    assert "lamp (Hall)  ← 90  → 200  The lamp does not answer." in lines[1]
    assert 'a "door"  ← 40  → ?  sleeps' in lines[2]
    assert lines[2].index("a") > lines[1].index("lamp")


def test_the_map_for_graphviz_has_every_node_and_link() -> None:
    dot = dot_of(MAP)
    assert '"lamp" [label="lamp\\nHall" shape=box color="red"];' in dot
    assert '[label="a \\"door\\"" shape=ellipse];' in dot
    assert '"lamp" -- "stick" [label="200/90"];' in dot
    assert dot.count(" -- ") == 2


def test_the_chart_marks_the_channel_and_a_better_one() -> None:
    channels = [
        {"channel": 15, "percent": 80.0, "wifi_channels": [], "is_current": True},
        {"channel": 20, "percent": 5.0, "wifi_channels": [7, 8, 9], "is_current": False},
        {"channel": 26, "percent": 0.0, "wifi_channels": [], "is_current": False},
    ]
    here, better, low = shown(chart_of({"channels": channels, "recommended": 20})).splitlines()[1:]
    assert "15 here" in here
    assert here.count("█") == 32
    assert "20 better" in better
    assert "7–9" in better
    assert "26 low power" in low


def test_reports_and_firmware_in_words() -> None:
    told = {"name": "plug", "attribute": "power", "change": 5.0}
    told |= {"min_interval_s": 1, "max_interval_s": 60}
    assert sentence_of(told) == (
        "The plug reports its power when it changes by 5, 1 s apart at least, every 60 s at the"
        " latest."
    )
    assert "does not report" in sentence_of({**told, "max_interval_s": 0xFFFF})
    image = {"id": "a1", "file_version": 2, "source": "x.ota", "fits": True, "why_not": None}
    state = {"name": "lamp", "version": 1, "software": "1.0", "images": [image], "problem": None}
    assert lines_of(state) == ["The lamp runs 0x00000001 (1.0).", "  a1  0x00000002  x.ota"]
    none = lines_of({**state, "images": [], "problem": "It sleeps."})
    assert "--file" in none[1]
    assert none[-1] == "It sleeps."


def test_arguments_are_json_or_text() -> None:
    assert arguments_of(("level=5", "name=hall", "on=true")) == {
        "level": 5,
        "name": "hall",
        "on": True,
    }
    with pytest.raises(click.UsageError, match="NAME=VALUE"):
        arguments_of(("level",))


def test_an_export_is_a_file_or_a_zip(tmp_path: Path) -> None:
    for name in ("told.json", "told.zip"):
        write_export(tmp_path / name, '{"a": 1}')
    assert json.loads((tmp_path / "told.json").read_text()) == {"a": 1}
    with zipfile.ZipFile(tmp_path / "told.zip") as packed:
        assert json.loads(packed.read("diagnostics.json")) == {"a": 1}
