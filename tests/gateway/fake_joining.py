"""A hand-written implementation of Joining."""

from __future__ import annotations

from pichat.errors import NotFoundError
from pichat.events import JoiningChanged, JoinProgress


class FakeJoining:
    """One device is stuck. `asked`: duration, router, and code or QR text of each permit."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str | None, str | None]] = []
        self.stuck = {"aa": JoinProgress(device_id="aa", step="failed", reason="It is silent.")}
        self._state = JoiningChanged()

    async def permit(
        self,
        duration_s: int,
        *,
        via: str | None = None,
        device_id: str | None = None,
        install_code: str | None = None,
        qr: str | None = None,
    ) -> JoiningChanged:
        self.asked.append((duration_s, via, install_code or qr))
        until_s = 1000.0 + duration_s if duration_s else None
        self._state = JoiningChanged(open_until_s=until_s, via=via, device_id=device_id)
        return self._state

    def state(self) -> JoiningChanged:
        return self._state

    def under_way(self) -> tuple[JoinProgress, ...]:
        return tuple(self.stuck.values())

    def retry(self, device_id: str) -> JoinProgress:
        if device_id not in self.stuck:
            raise NotFoundError("It is not waiting.")
        return JoinProgress(device_id=device_id, step="interviewing")

    async def forget(self, device_id: str) -> None:
        if self.stuck.pop(device_id, None) is None:
            raise NotFoundError("It is not waiting.")
