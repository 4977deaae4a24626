"""What the actions need of the devices and of joining."""

from typing import Protocol

from pichat.events import Device, JoiningChanged, JoinProgress
from pichat.zigbee.lock_codes import CodesOfLock


class House(Protocol):
    def devices(self) -> tuple[Device, ...]: ...

    async def rename(self, device_id: str, *, name: str, area: str | None) -> Device:
        """The device under its new name and in its new room. Raises NotFoundError and
        BadRequestError."""
        ...

    async def mark(self, device_id: str, confirm: bool) -> Device:
        """Whether a person has to say yes before it opens, unlocks or heats. Raises NotFoundError
        and UnavailableError."""
        ...

    async def cancel_waiting(self, device_id: str, capability: str | None = None) -> Device:
        """The device, which will not be told any more what waits until it wakes; None: nothing of
        it. Raises NotFoundError, also when nothing waits, and UnavailableError."""
        ...


class Joining(Protocol):
    """Devices that join. Raise UnavailableError while the radio is away."""

    async def permit(
        self,
        duration_s: int,
        *,
        via: str | None = None,
        device_id: str | None = None,
        install_code: str | None = None,
        qr: str | None = None,
    ) -> JoiningChanged:
        """Let devices join for that long, at most 254 s; 0 ends it. Raises NotFoundError and
        UnsupportedError for a `via` that is not there or relays for nobody, DeviceSilentError for
        one that does not answer, BadRequestError for a code that cannot be."""
        ...

    def state(self) -> JoiningChanged: ...

    def under_way(self) -> tuple[JoinProgress, ...]:
        """Devices that are joining, and those that joined and never told what they are."""
        ...

    def retry(self, device_id: str) -> JoinProgress:
        """Ask such a device again, also while it is asked. Raises NotFoundError."""
        ...

    async def forget(self, device_id: str) -> None:
        """Send such a device away. Raises NotFoundError."""
        ...


class LockCodes(Protocol):
    """What locks hold, without the codes themselves."""

    async def read(self, device_id: str) -> CodesOfLock:
        """Asks the lock. Raises NotFoundError, UnsupportedError, DeviceSilentError and
        UnavailableError."""
        ...
