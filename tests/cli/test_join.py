"""What `pichat join` shows and asks."""

from __future__ import annotations

import time
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from pichat.cli.join_asking import name_and_room
from pichat.cli.join_steps import LineSteps, LiveSteps, in_words, name_of

LAMP: dict[str, Any] = {
    "id": "aa",
    "name": "Acme lamp",
    "area": None,
    "kind": "light",
    "capabilities": [{}],
}


def progress(step: str, **more: Any) -> dict[str, Any]:
    plain = {"device_id": "aa", "step": step, "detail": "", "reason": None, "device": None}
    return plain | more


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (progress("joined"), "Device aa is here"),
        (progress("interviewing", detail="endpoints"), "Device aa is asked what it is (endpoints)"),
        (progress("setting_up", detail="cluster 1 of 2"), "Device aa is set up (cluster 1 of 2)"),
        (progress("ready", device=LAMP), "Acme lamp is ready: a light."),
        (
            progress("ready", device=LAMP | {"capabilities": []}),
            "Acme lamp has joined, but PiChat does not know what can be done with it.",
        ),
        (progress("failed", reason="It is silent."), "Device aa is not finished. It is silent."),
        (progress("gone", reason="It was removed."), "Device aa is gone. It was removed."),
    ],
)
def test_each_step_in_words(told: dict[str, Any], words: str) -> None:
    assert f"{name_of(told)} {in_words(told)}" == words


def test_lines_for_what_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with LineSteps() as steps:
        steps.open(time.time() + 60)
        for told in (
            progress("joined"),
            progress("interviewing", detail="endpoints"),
            progress("interviewing", detail="maker and model"),
            progress("ready", device=LAMP),
        ):
            steps.told(told)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("For 60 s devices may join.")
    assert len(lines) == 4


def test_a_picture_on_a_terminal() -> None:
    console = Console(force_terminal=True, width=100, record=True)
    with console.capture() as capture, LiveSteps(console) as steps:
        steps.open(time.time() + 60)
        steps.told(progress("interviewing", detail="endpoints"))
        steps.told(progress("ready", device=LAMP))
    shown = capture.get()
    assert "60 s left." in shown
    assert "✓ Acme lamp is ready: a light." in shown


def test_a_name_and_a_room_are_asked_for() -> None:
    asked: list[tuple[str, str | None]] = []

    @click.command()
    def command() -> None:
        others = [LAMP | {"area": "Kitchen"}, LAMP]
        asked.append(name_and_room(LAMP, others, None, None))

    result = CliRunner().invoke(command, input="reading lamp\nKITCHEN\n")
    assert "(Kitchen, or another)" in result.output
    CliRunner().invoke(command, input="\n\n")
    CliRunner().invoke(command, input="lamp\n Study \n")
    assert asked == [("reading lamp", "Kitchen"), ("Acme lamp", None), ("lamp", "Study")]
    assert CliRunner().invoke(command, input="").exit_code == 1
