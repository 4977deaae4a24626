"""Firmware of devices. Nothing is fetched unless somebody asks, and the owner has configured from
where (zigbee.firmware_folder, zigbee.firmware_index)."""

import binascii
from typing import Annotated, Literal

import msgspec

from pichat.errors import BadRequestError
from pichat.gateway.acts import act
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.care.firmware_types import FirmwareState

Wanted = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetFirmware(msgspec.Struct, frozen=True, kw_only=True):
    """A device by its id or name."""

    device_id: Wanted


class UpdateFirmware(msgspec.Struct, frozen=True, kw_only=True):
    """`image_id` is one of `get_firmware`; `image` an image itself, base64; without either the
    newest that fits is taken."""

    device_id: Wanted
    image_id: Wanted | None = None
    image: str | None = None
    source: Literal["screen", "shell"] = "screen"


@action("get_firmware", needs="admin", example={"device_id": "Kitchen light"})
async def get_firmware(context: Context, payload: GetFirmware) -> FirmwareState:
    """Ask a device which firmware it has, and list the images that there are for it."""
    return await context.services.network.firmware(payload.device_id)


@action("update_firmware", needs="admin", example={"device_id": "Kitchen light"}, takes_clips=True)
async def update_firmware(context: Context, payload: UpdateFirmware) -> FirmwareState:
    """Begin an update, which takes minutes to an hour; the device works on meanwhile. Complete once
    it has begun; how it goes on and ends is told to subscribers as `network_progress`."""
    image_id = payload.image_id
    if payload.image is not None:
        try:
            data = binascii.a2b_base64(payload.image, strict_mode=True)
        except ValueError as error:
            raise BadRequestError("“update_firmware”: the image is not base64.") from error
        image_id = await context.services.network.offer_firmware(data)
    arguments = {"device": payload.device_id, "image_id": image_id}
    begun: FirmwareState = (await act(context, "update_firmware", arguments, payload.source)).value
    return begun
