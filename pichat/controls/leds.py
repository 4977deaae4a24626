"""LEDs at GPIO lines that show what the voice loop is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pichat.config.types import Controls as Config
from pichat.config.types import Led
from pichat.controls.base import Report, Surroundings, controls
from pichat.controls.gpio import Lamp, gpio_trouble
from pichat.errors import UnavailableError

BLINK_S = 0.5


@controls("leds")
def make_leds(config: Config, around: Surroundings) -> Iterator[PinLed]:
    return (PinLed(led, around) for led in config.leds)


class PinLed:
    """Lit during some states and blinking during others; dark when PiChat ends."""

    def __init__(self, led: Led, around: Surroundings) -> None:
        self._led = led
        self._around = around

    @property
    def name(self) -> str:
        """See Control."""
        return f"LED at line {self._led.line} of {self._led.chip}"

    async def serve(self, report: Report) -> None:
        """See Control."""
        led = self._led
        lamp = self._around.gpio.lamp(led.chip, led.line, active_low=led.lit == "low")
        try:
            report(None)
            await self._show(lamp)
        except OSError as error:
            raise UnavailableError(gpio_trouble(led.chip, led.line, error)) from error
        finally:
            _put_out(lamp)

    async def _show(self, lamp: Lamp) -> None:
        states, state, bright = self._around.states, self._around.states.now, True
        while True:
            blinks = state in self._led.while_blinking
            lamp.light(bright if blinks else state in self._led.while_lit)
            try:
                async with asyncio.timeout(BLINK_S if blinks else None):
                    state, bright = await states.after(state), True
            except TimeoutError:
                bright = not bright


def _put_out(lamp: Lamp) -> None:
    try:
        lamp.light(False)
    except OSError:
        return  # it is gone
    finally:
        lamp.close()
