"""Keys of an input device, which a pseudo-terminal stands for."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from pichat.config.types import Controls, Key
from pichat.controls import key_codes
from tests.controls.parts import InputDevice, serving

F1, MICMUTE, SPACE = 59, 248, 57


@pytest.fixture
def device(tmp_path: Path) -> Iterator[InputDevice]:
    device = InputDevice(tmp_path / "usb-button-event-kbd")
    yield device
    device.unplug()


@pytest.fixture
def config(device: InputDevice) -> Controls:
    return Controls(
        keys=(
            Key(device=device.link, key="KEY_MICMUTE", does="mute"),
            Key(device=device.link, key="KEY_F1", does="stop"),
            Key(device=device.link, key="57", does="listen"),
        )
    )


async def test_each_key_does_what_it_is_bound_to(device: InputDevice, config: Controls) -> None:
    device.plug()
    async with serving(config) as room:
        await room.works()
        for code, done in ((F1, "interrupt"), (SPACE, "listen"), (MICMUTE, "mute True")):
            device.press(code)
            assert await room.voice.next() == done
        device.press(SPACE)  # muted: refused, and nothing falls over
        device.press(MICMUTE)
        assert await room.voice.next() == "mute False"
        await room.works()


async def test_other_keys_held_keys_and_halves_of_events(
    device: InputDevice, config: Controls
) -> None:
    device.plug()
    async with serving(config) as room:
        await room.works()
        device.press(30)
        device.send(1, F1, 2)  # held
        device.send(2, F1, 1)  # a mouse that moves
        pressed = struct.pack("@llHHi", 1, 2, 1, F1, 1)
        other = struct.pack("@llHHi", 1, 2, 1, SPACE, 1)
        device.send_raw(other + pressed[:7])
        assert await room.voice.next() == "listen"  # so the half has been read as well
        device.send_raw(pressed[7:] + pressed)
        assert [await room.voice.next(), await room.voice.next()] == ["interrupt"] * 2
        assert room.voice.pressed.empty()


async def test_a_device_that_comes_and_goes(device: InputDevice, config: Controls) -> None:
    async with serving(config) as room:
        assert await room.trouble() == f"{device.link} is not plugged in."
        for _ in range(3):
            device.plug()
            await room.works()
            device.press(F1)
            assert await room.voice.next() == "interrupt"
            device.unplug()
            assert "is not plugged in" in await room.trouble()


async def test_a_key_that_is_not_there(device: InputDevice) -> None:
    device.plug()
    config = Controls(keys=(Key(device=device.link, key="KEY_MICMUT", does="mute"),))
    async with serving(config) as room:
        said = await room.trouble()
    assert said == "There is no key called KEY_MICMUT. Did you mean KEY_MICMUTE?"


async def test_what_is_no_device(tmp_path: Path) -> None:
    config = Controls(keys=(Key(device=tmp_path, key="KEY_F1", does="mute"),))
    async with serving(config) as room:
        assert await room.trouble() == f"{tmp_path} is not an input device."


@pytest.mark.skipif(not key_codes._HEADER.exists(), reason="needs the kernel's headers")
def test_the_table_is_the_kernels() -> None:
    text = key_codes._HEADER.read_text()
    for first, row in key_codes._ROWS.items():
        for at, name in enumerate(row.split()):
            found = re.search(rf"^#define\s+KEY_{name}\s+(\w+)", text, re.MULTILINE)
            assert found is not None
            assert int(found[1], 0) == first + at
