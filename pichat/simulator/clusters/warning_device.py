"""IAS warning device (ZCL 8, section 8.4): a siren. No attribute tells whether it sounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pichat.simulator.node.cluster import (
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
)
from pichat.simulator.node.types import Type

MAX_DURATION = 0x0000


class WarningDevice(Cluster):
    """Sounds for the duration that it was given, at most `max_duration`."""

    id: ClassVar[int] = 0x0502
    attributes = (Attribute(MAX_DURATION, Type.UINT16, 240, writable=True, reportable=False),)

    def set_up(self) -> None:
        self.values[MAX_DURATION] = round(float(self.host.options.get("max_duration_s", 240)))
        self._silence: Callable[[], None] | None = None
        self._squawks = 0

    @command(0x00)
    def start_warning(self, request: Request) -> Outcome:
        how, seconds = request.fields.u8(), request.fields.u16()
        self._stop()
        if how >> 4 and seconds:
            seconds = min(seconds, self.number(MAX_DURATION))
            self._silence = self.host.later(float(seconds), self._fall_silent)
        return Status.SUCCESS

    @command(0x01)
    def squawk(self, request: Request) -> Outcome:
        request.fields.u8()
        self._squawks += 1
        return Status.SUCCESS

    def _stop(self) -> None:
        if self._silence is not None:
            self._silence()
        self._silence = None

    def _fall_silent(self) -> None:
        self._silence = None

    def quantities(self) -> dict[str, Quantity]:
        return {
            "sounding": Quantity("", lambda: self._silence is not None),
            "squawks": Quantity("", lambda: self._squawks),
        }
