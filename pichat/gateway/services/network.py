"""What the actions need of the network: its backups, and looking after it."""

from pathlib import Path
from typing import Any, Protocol

from pichat.zigbee.backup.listing import StoredBackup
from pichat.zigbee.backup.plan import RestorePlan
from pichat.zigbee.backup.restoring import Restored
from pichat.zigbee.care.firmware_types import FirmwareState
from pichat.zigbee.care.types import (
    AttributeValue,
    Bindings,
    ChannelPlan,
    EnergyScan,
    Neighbours,
    NetworkMap,
    NetworkStatus,
    Reporting,
)


class Backups(Protocol):
    """The network, the devices and what people said of them, in files. Raise UnavailableError;
    `content` is a whole file, which `what` names in sentences, and BadRequestError says that it is
    damaged."""

    async def list(self) -> tuple[StoredBackup, ...]:
        """Newest first."""
        ...

    async def create(self) -> StoredBackup:
        """One of now. Raises NotFoundError when there was never a network."""
        ...

    def path(self, name: str) -> Path: ...

    async def read(self, name: str) -> bytes:
        """Raises NotFoundError."""
        ...

    async def plan(self, content: bytes, what: str) -> RestorePlan:
        """What restoring would do. Nothing is done."""
        ...

    async def restore(self, content: bytes, what: str, *, allow_new_eui64: bool) -> Restored:
        """Raises UnsupportedError when the stick cannot take over the old one's address and may
        not keep its own."""
        ...


class NetworkCare(Protocol):
    """Looking at the network. Devices are named by id or name, clusters and attributes by number or
    name. Raise UnavailableError while the radio is away; NotFoundError, UnsupportedError and
    DeviceSilentError where one device is asked."""

    def network(self) -> NetworkStatus: ...

    async def scan_map(self) -> NetworkMap:
        """Ask all routers; one that does not answer is shown as such. Raises BusyError."""
        ...

    async def neighbours(self, device: str) -> Neighbours: ...

    async def scan_energy(self) -> EnergyScan:
        """Raises BusyError."""
        ...

    def plan_channel(self, channel: int) -> ChannelPlan:
        """What a change would mean. Raises BadRequestError."""
        ...

    async def firmware(self, device: str) -> FirmwareState: ...

    async def offer_firmware(self, image: bytes) -> str:
        """Keep an image for one update; its id. Raises BadRequestError for what is none."""
        ...

    async def bindings(self, device: str) -> Bindings: ...

    async def reporting(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str,
        *,
        endpoint: int | None = None,
    ) -> Reporting: ...

    async def read_attributes(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str | None,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> tuple[AttributeValue, ...]:
        """One, or all that the device has of the cluster."""
        ...

    def diagnostics(self) -> dict[str, Any]:
        """As JSON values, without a key; also while the radio is away."""
        ...
