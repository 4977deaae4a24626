"""What is told of firmware."""

from __future__ import annotations

import msgspec


class FirmwareImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that may fit. `id` names it to `update_firmware`; `fits` is false with the reason
    in `why_not`."""

    id: str
    file_version: int
    source: str
    size_bytes: int | None
    fits: bool
    why_not: str | None = None
    notes: str | None = None


class FirmwareState(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the file version that the device tells; `updating_percent` is there while an
    update is under way. `problem`: why no update can be begun now."""

    device_id: str
    name: str
    version: int
    manufacturer_code: int
    image_type: int
    hardware_version: int | None
    software: str | None
    images: tuple[FirmwareImage, ...]
    updating_percent: float | None = None
    problem: str | None = None
