"""Standard remotes: what their commands to other devices mean as presses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.zigbee.makers.replay import Ends, Fixture, Frame, Replay, Seen, device_of

SLEEPY = "02 40 80 89 12 52 52 00 00 2c 52 00 00"


@pytest.fixture
async def app() -> AsyncIterator[Replay]:
    made = Replay()
    yield made
    await made.shutdown(db=False)


def remote(app: Replay, ends: dict[int, Ends]) -> Seen:
    fixture = Fixture(
        device="a remote",
        manufacturer="Somebody",
        model="Remote",
        node=SLEEPY,
        endpoints=ends,
        kind="remote",
        capabilities=["battery"],
        frames=[],
    )
    return Seen(app, device_of(app, fixture))


SERVERS = [0x0000, 0x0001]
ALL = Ends(0x0820, SERVERS, [0x0005, 0x0006, 0x0008, 0x0019, 0x0102, 0x0300, 0x0501])


@pytest.mark.parametrize(
    ("cluster", "command", "press"),
    [
        (0x0005, "05 01 00 03 ff ff", ["scene 3", "single"]),
        (0x0006, "00", ["off", "single"]),
        (0x0006, "01", ["on", "single"]),
        (0x0006, "02", ["toggle", "single"]),
        (0x0006, "40 00 00", ["off", "single"]),
        (0x0006, "41", ["on", "single"]),
        (0x0008, "01 01 53", ["down", "hold"]),
        (0x0008, "05 00 53", ["up", "hold"]),
        (0x0008, "02 00 2b 05 00", ["up", "single"]),
        (0x0008, "06 01 2b 05 00", ["down", "single"]),
        (0x0008, "03", ["dimmer", "release"]),
        (0x0102, "00", ["open", "single"]),
        (0x0102, "01", ["close", "single"]),
        (0x0102, "02", ["stop", "single"]),
        (0x0300, "4c 01 45 00 0a 00 fa 00 c2 01", ["warmer", "single"]),
        (0x0300, "4b 03 45 00 fa 00 c2 01", ["cooler", "hold"]),
        (0x0300, "47", ["dimmer", "release"]),
        (0x0501, "00 03 00 00", ["arm all", "single"]),
        (0x0501, "02", ["emergency", "single"]),
    ],
)
async def test_the_standard_table(
    app: Replay, cluster: int, command: str, press: list[str]
) -> None:
    seen = remote(app, {1: ALL})
    assert seen.view.kind == "remote"
    seen.play([Frame(cluster, f"01 07 {command}")])
    assert seen.presses == [press]


async def test_letting_go_names_the_button_that_was_held(app: Replay) -> None:
    seen = remote(app, {1: ALL})
    seen.play([Frame(0x0008, "01 01 05 01 53"), Frame(0x0008, "01 02 07")])
    assert seen.presses == [["down", "hold"], ["down", "release"]]


async def test_a_message_that_comes_twice_is_one_press(app: Replay) -> None:
    seen = remote(app, {1: ALL})
    # The second differs in a bit that means nothing to people, as after another way here.
    seen.play([Frame(0x0006, "01 01 02"), Frame(0x0006, "11 01 02"), Frame(0x0006, "01 02 02")])
    assert seen.presses == [["toggle", "single"], ["toggle", "single"]]


async def test_several_endpoints_are_told_apart(app: Replay) -> None:
    clients = Ends(0x0820, SERVERS, [0x0006])
    seen = remote(app, {1: clients, 2: clients})
    seen.play([Frame(0x0006, "01 01 01", endpoint=2), Frame(0x0006, "01 02 00", endpoint=1)])
    assert seen.presses == [["on 2", "single"], ["off 1", "single"]]


async def test_reads_of_a_remote_are_no_presses(app: Replay) -> None:
    seen = remote(app, {1: ALL})
    seen.play([Frame(0x0006, "00 01 00 00 00")])  # it reads an attribute of a light
    assert seen.presses == []


async def test_a_light_that_can_command_others_is_no_remote(app: Replay) -> None:
    seen = remote(app, {1: Ends(0x0100, [0x0000, 0x0006], [0x0006])})
    assert seen.view.kind == "light"
    seen.play([Frame(0x0006, "01 01 02")])
    assert seen.presses == []
