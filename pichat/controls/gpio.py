"""GPIO lines, through the kernel's character device.

libgpiod's own Python library has wheels for all we run on; it is loaded when a line is opened.
"""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from pichat.errors import UnavailableError

if TYPE_CHECKING:
    from gpiod import LineRequest, LineSettings

_CONSUMER = "pichat"


class Button(Protocol):
    """An input line. Its methods raise OSError when the chip is gone."""

    def fileno(self) -> int:
        """Readable when it was pressed."""
        ...

    def presses(self) -> int:
        """How often it was pressed since the last time. Call it when there is something to read."""
        ...

    def close(self) -> None: ...


class Lamp(Protocol):
    """An output line, dark at first. Its methods raise OSError when the chip is gone."""

    def light(self, on: bool) -> None: ...

    def close(self) -> None: ...


class Gpio(Protocol):
    """Opens lines. Raises UnavailableError with a sentence when that cannot be."""

    def button(self, chip: Path, line: int, *, active_low: bool, debounce_s: float) -> Button:
        """Pulled away from its active level."""
        ...

    def lamp(self, chip: Path, line: int, *, active_low: bool) -> Lamp: ...


class KernelGpio:
    """Implements Gpio."""

    def button(self, chip: Path, line: int, *, active_low: bool, debounce_s: float) -> Button:
        """See Gpio."""
        gpiod = _library()
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.INPUT,
            edge_detection=gpiod.line.Edge.RISING,
            bias=gpiod.line.Bias.PULL_UP if active_low else gpiod.line.Bias.PULL_DOWN,
            active_low=active_low,
            debounce_period=timedelta(seconds=debounce_s),
        )
        return _Button(_request(chip, line, settings))

    def lamp(self, chip: Path, line: int, *, active_low: bool) -> Lamp:
        """See Gpio."""
        gpiod = _library()
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT,
            active_low=active_low,
            output_value=gpiod.line.Value.INACTIVE,
        )
        return _Lamp(_request(chip, line, settings), line)


class _Button:
    def __init__(self, request: LineRequest) -> None:
        self._request = request

    def fileno(self) -> int:
        return self._request.fd

    def presses(self) -> int:
        return len(self._request.read_edge_events())

    def close(self) -> None:
        self._request.release()


class _Lamp:
    def __init__(self, request: LineRequest, line: int) -> None:
        self._request = request
        self._line = line

    def light(self, on: bool) -> None:
        value = _library().line.Value
        self._request.set_value(self._line, value.ACTIVE if on else value.INACTIVE)

    def close(self) -> None:
        self._request.release()


def _library() -> ModuleType:
    try:
        import gpiod
    except ImportError as error:
        raise UnavailableError(
            "GPIO needs the library gpiod, which is not installed: install pichat[gpio]."
        ) from error
    return gpiod


def _request(chip: Path, line: int, settings: LineSettings) -> LineRequest:
    try:
        request: LineRequest = _library().request_lines(
            str(chip), consumer=_CONSUMER, config={line: settings}
        )
    except (OSError, ValueError) as error:  # libgpiod makes a ValueError of EINVAL
        raise UnavailableError(gpio_trouble(chip, line, error)) from error
    return request


def gpio_trouble(chip: Path, line: int, error: Exception) -> str:
    """Why a line does not work, and what to do."""
    number = error.errno if isinstance(error, OSError) else errno.EINVAL
    if number in (errno.ENOENT, errno.ENODEV, errno.ENOTTY):
        return f"There is no GPIO chip at {chip}."
    if number == errno.EACCES:
        return f"{chip} may not be opened: add this user to the group gpio."
    if number == errno.EBUSY:
        return f"GPIO line {line} of {chip} is in use by another program."
    if number == errno.EINVAL:
        return f"{chip} has no GPIO line {line} that can be used for this."
    return f"GPIO line {line} of {chip} does not work: {getattr(error, 'strerror', error)}."
