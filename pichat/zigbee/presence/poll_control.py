"""Check-ins of devices that sleep (ZCL 8, 3.16: Poll Control): asked for, and answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pichat.zigbee.air import Port, RefusedError, SilentError
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from pichat.zigbee.stick.radio import Session
    from pichat.zigbee.tasks import Tasks

_CLUSTER = 0x0020
_CHECK_IN = 0x00
_QUARTERS = 4  # the cluster counts in quarters of a second
_INTERVAL_S = 3600
_FAST_S = 10
"""How long a device that has something to be told polls often after its check-in."""


class CheckIns:
    """Follows the radio. Devices that have the cluster are asked to check in once an hour at least,
    when they are first heard and so are awake."""

    def __init__(self) -> None:
        self._tasks: Tasks | None = None
        self._known: dict[str, _CheckIn] = {}

    def follow(self, session: Session, tasks: Tasks) -> None:
        del session
        self._tasks = tasks
        for known in self._known.values():
            known.end()
        self._known.clear()

    def heard(self, view: DeviceView) -> None:
        """A message from the device begins to be handled."""
        known = self._known.get(view.id)
        if self._tasks is None or (known is not None and known.is_of(view)):
            return
        port = next((found for p in view.ports if (found := p.beside(_CLUSTER))), None)
        if port is None or not view.sleepy:
            return
        if known is not None:
            known.end()
        self._known[view.id] = _CheckIn(view, port.urgent(), self._tasks)


class _CheckIn:
    """Of one device; a listener of zigpy's cluster."""

    def __init__(self, view: DeviceView, port: Port, tasks: Tasks) -> None:
        self._view = view
        self._port = port
        self._tasks = tasks
        self._device = view.zigpy
        port.cluster.add_listener(self)
        if port.get("checkin_interval") is None and port.supported("checkin_interval"):
            tasks.spawn(self._set_up(), f"check-ins of {view.id}")

    def is_of(self, view: DeviceView) -> bool:
        return view.zigpy is self._device

    def end(self) -> None:
        self._port.cluster.remove_listener(self)

    def cluster_command(self, tsn: int, command_id: int, args: Any) -> None:
        """Called by zigpy."""
        del args
        if command_id == _CHECK_IN:
            self._tasks.spawn(self._answer(tsn), f"check-in of {self._view.id}")

    async def _answer(self, tsn: int) -> None:
        with suppress(SilentError, RefusedError):  # it checks in again
            await self._port.command(
                "checkin_response",
                start_fast_polling=bool(self._view.waiting),
                fast_poll_timeout=_FAST_S * _QUARTERS,
                tsn=tsn,
            )

    async def _set_up(self) -> None:
        """That the interval was read is remembered, and says that all was done."""
        most = _INTERVAL_S * _QUARTERS
        with suppress(SilentError, RefusedError):  # it is tried again at the next start
            await self._port.bind()
            await self._port.read(["checkin_interval"])
            if not 0 < (self._port.get("checkin_interval") or 0) <= most:
                await self._port.write({"checkin_interval": most})
