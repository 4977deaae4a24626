"""Buttons and LEDs at GPIO lines, which hand-written ones stand for: no chip can be simulated
without the kernel's gpio-sim. What the real one says without a chip is tested with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pichat.config.types import Controls, Led, Pin
from pichat.controls.gpio import KernelGpio, gpio_trouble
from pichat.errors import UnavailableError
from tests.controls.parts import FakeGpio, serving

CHIP = Path("/dev/gpiochip0")
BUTTON = Controls(pins=(Pin(line=17, does="mute"),))


async def test_a_button_mutes_and_unmutes() -> None:
    gpio = FakeGpio()
    async with serving(BUTTON, gpio) as room:
        await room.works()
        for done in ("mute True", "mute False"):
            gpio.buttons[17].press()
            assert await room.voice.next() == done
    assert gpio.opened == [(CHIP, 17, True, 0.02)]
    assert gpio.buttons[17].closed


async def test_a_chip_that_comes_and_goes() -> None:
    gpio = FakeGpio(missing={17})
    async with serving(BUTTON, gpio) as room:
        assert await room.trouble() == "There is no GPIO chip at /dev/gpiochip0."
        gpio.missing.clear()
        await room.works()
        gpio.buttons[17].pull_out()
        assert await room.trouble() == "There is no GPIO chip at /dev/gpiochip0."
        await room.works()
        gpio.buttons[17].press()
        assert await room.voice.next() == "mute True"


async def test_one_that_is_missing_does_not_keep_the_others_from_working() -> None:
    gpio = FakeGpio(missing={5})
    config = Controls(pins=(Pin(line=5, does="stop"), Pin(line=17, does="listen", pressed="high")))
    async with serving(config, gpio) as room:
        await room.trouble()
        gpio.buttons[17].press()
        assert await room.voice.next() == "listen"
    assert gpio.opened == [(CHIP, 17, False, 0.02)]


async def test_an_led_is_lit_in_its_states_of_this_station_only() -> None:
    gpio = FakeGpio()
    config = Controls(leds=(Led(line=4, while_lit=("hearing", "muted"), lit="low"),))
    async with serving(config, gpio) as room:
        await room.works()
        room.voice.change("hearing", station="tablet")
        for _ in range(10):
            await asyncio.sleep(0)
        assert not gpio.lamps[4].on
        room.voice.change("hearing")
        assert await gpio.lamps[4].next() is True
        room.voice.change("thinking")
        assert await gpio.lamps[4].next() is False
        room.voice.change("muted")
        assert await gpio.lamps[4].next() is True
    assert await gpio.lamps[4].next() is False  # as PiChat ends
    assert gpio.lamps[4].closed
    assert gpio.opened == [(CHIP, 4, True, 0.0)]


async def test_an_led_blinks_for_deaf_until_that_is_over() -> None:
    gpio = FakeGpio()
    async with serving(Controls(leds=(Led(line=4),)), gpio) as room:
        await room.works()
        room.voice.change("deaf")
        lamp = gpio.lamps[4]
        assert [await lamp.next() for _ in range(3)] == [True, False, True]
        room.voice.change("listening")
        assert await lamp.next() is False
        room.voice.change("speaking")
        assert await lamp.next() is True


def test_the_real_one_says_what_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("gpiod")
    file = tmp_path / "chip"
    file.touch()
    for chip in (tmp_path / "none", file):
        with pytest.raises(UnavailableError, match=f"There is no GPIO chip at {chip}."):
            KernelGpio().button(chip, 17, active_low=True, debounce_s=0.02)
        with pytest.raises(UnavailableError, match=f"There is no GPIO chip at {chip}."):
            KernelGpio().lamp(chip, 17, active_low=False)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "x"), "add this user to the group gpio"),
        (OSError(16, "x"), "in use by another program"),
        (ValueError("x"), "has no GPIO line 17"),
        (OSError(5, "Input/output error"), "does not work: Input/output error."),
    ],
)
def test_every_trouble_has_a_sentence(error: Exception, said: str) -> None:
    assert said in gpio_trouble(CHIP, 17, error)
