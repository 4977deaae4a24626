"""Buttons at GPIO lines."""

from __future__ import annotations

from collections.abc import Iterator

from pichat.config.types import Controls as Config
from pichat.config.types import Pin
from pichat.controls.base import Report, Surroundings, controls, until_readable
from pichat.controls.gpio import gpio_trouble
from pichat.errors import UnavailableError


@controls("pins")
def make_buttons(config: Config, around: Surroundings) -> Iterator[PinButton]:
    return (PinButton(pin, around) for pin in config.pins)


class PinButton:
    """Does what it stands for when it is pressed."""

    def __init__(self, pin: Pin, around: Surroundings) -> None:
        self._pin = pin
        self._around = around

    @property
    def name(self) -> str:
        """See Control."""
        return f"button at line {self._pin.line} of {self._pin.chip}"

    async def serve(self, report: Report) -> None:
        """See Control."""
        pin = self._pin
        button = self._around.gpio.button(
            pin.chip,
            pin.line,
            active_low=pin.pressed == "low",
            debounce_s=pin.debounce_ms / 1000,
        )
        try:
            report(None)
            while True:
                await until_readable(button.fileno())
                for _ in range(button.presses()):
                    self._around.do(pin.does)
        except OSError as error:
            raise UnavailableError(gpio_trouble(pin.chip, pin.line, error)) from error
        finally:
            button.close()
