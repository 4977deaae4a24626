"""Which firmware a device has, and which image fits it."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.errors import BadRequestError, NotFoundError, UnsupportedError
from pichat.zigbee.care.asking import Known, ask
from pichat.zigbee.care.images import Entry
from pichat.zigbee.stick.radio import Session

_BASIC, _OTA = 0x0000, 0x0019
_ATTRIBUTES = ("current_file_version", "manufacturer_id", "image_type_id")


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """`version` and `image_type` are the device's own words; `hardware` is None where it has not
    asked for an image by itself yet."""

    version: int
    manufacturer: int
    image_type: int
    hardware: int | None
    software: str | None


async def read_version(session: Session, known: Known) -> Version:
    """From its OTA cluster, asked now. Raises UnsupportedError for a device that takes no images
    or does not tell, and DeviceSilentError."""
    cluster = _ota(known)
    if cluster is None:
        raise UnsupportedError(f"The {known.name} takes no firmware over the air.")
    values, _ = await ask(
        session, known, lambda options: cluster.read_attributes(list(_ATTRIBUTES), **options)
    )
    # What it said when it last asked for an image tells what its attributes do not.
    query = cluster.last_query_cmd
    version = values.get("current_file_version", getattr(query, "current_file_version", None))
    image_type = values.get("image_type_id", getattr(query, "image_type", None))
    maker = values.get("manufacturer_id", getattr(query, "manufacturer_code", None))
    if version is None or image_type is None:
        raise UnsupportedError(
            f"The {known.name} does not tell which firmware it has. It does so when it next asks"
            " for an update by itself; try again tomorrow."
        )
    hardware = getattr(query, "hardware_version", None)
    return Version(
        version=int(version),
        manufacturer=int(known.zigpy.manufacturer_id or 0) if maker is None else int(maker),
        image_type=int(image_type),
        hardware=None if hardware is None else int(hardware),
        software=_software(known),
    )


def _ota(known: Known) -> Any:
    for side in ("out_clusters", "in_clusters"):
        for one in known.zigpy.non_zdo_endpoints:
            if _OTA in getattr(one, side):
                return getattr(one, side)[_OTA]
    return None


def _software(known: Known) -> str | None:
    for one in known.zigpy.non_zdo_endpoints:
        if _BASIC in one.in_clusters:
            told = one.in_clusters[_BASIC].get("sw_build_id")
            return None if told is None else str(told)
    return None


def is_for(entry: Entry, has: Version) -> bool:
    return (entry.manufacturer_code, entry.image_type) == (has.manufacturer, has.image_type)


def why_not(known: Known, has: Version, entry: Entry) -> str | None:
    """A sentence when the image must not be put onto the device."""
    name, version = known.name, has.version
    if not is_for(entry, has):
        return (
            f"That image is not for the {name}: it is for maker {entry.manufacturer_code:#06x},"
            f" type {entry.image_type:#06x}, and the device is maker"
            f" {has.manufacturer:#06x}, type {has.image_type:#06x}."
        )
    if entry.models and known.zigpy.model not in entry.models:
        return f"That image is for {', '.join(entry.models)}, and the {name} is another model."
    if entry.manufacturers and known.zigpy.manufacturer not in entry.manufacturers:
        return f"That image is for devices of {', '.join(entry.manufacturers)}."
    if entry.file_version <= version:
        return (
            f"The {name} has {version:#010x} already, and the image is {entry.file_version:#010x}."
        )
    if not _within(version, entry.from_versions):
        return f"That image does not go onto the version that the {name} has; another comes first."
    if entry.hardware != (None, None) and not (
        has.hardware is None or _within(has.hardware, entry.hardware)
    ):
        return f"That image is for another hardware version than the {name}’s."
    return None


def _within(value: int, limits: tuple[int | None, int | None]) -> bool:
    least, most = limits
    return (least is None or value >= least) and (most is None or value <= most)


def chosen(known: Known, has: Version, entries: list[Entry], image_id: str | None) -> Entry:
    if image_id is not None:
        entries = [entry for entry in entries if entry.id == image_id]
        if not entries:
            raise NotFoundError(f"There is no image “{image_id}”.")
    reasons = {entry.id: why_not(known, has, entry) for entry in entries}
    fitting = [entry for entry in entries if reasons[entry.id] is None]
    if fitting:
        return max(fitting, key=lambda entry: entry.file_version)
    if len(entries) == 1:
        raise BadRequestError(reasons[entries[0].id] or "")
    raise NotFoundError(
        f"There is no newer firmware for the {known.name} in the folder or the index that are"
        " configured (zigbee.firmware_folder, zigbee.firmware_index)."
    )
