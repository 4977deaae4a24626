"""Devices that join: letting them in, and how far each has come."""

from typing import Annotated

import msgspec

from pichat.events import JoiningChanged, JoinProgress
from pichat.gateway.context import Context
from pichat.gateway.registry import action

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_Qr = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class PermitJoin(msgspec.Struct, frozen=True, kw_only=True):
    """`duration_s`: 0 ends it at once. `via`: the id of a device that relays, to join through that
    alone. A device with an install code needs the code and its address (`device_id`), or the text
    of its QR code."""

    duration_s: Annotated[int, msgspec.Meta(ge=0, le=254)] = 120
    via: _Id | None = None
    device_id: _Id | None = None
    install_code: _Code | None = None
    qr: _Qr | None = None


class Permitted(msgspec.Struct, frozen=True, kw_only=True):
    duration_s: int
    joining: JoiningChanged


class GetJoining(msgspec.Struct, frozen=True, kw_only=True):
    pass


class JoiningState(msgspec.Struct, frozen=True, kw_only=True):
    """`devices` are on their way in, or joined and never told what they are."""

    joining: JoiningChanged
    devices: tuple[JoinProgress, ...]


class OneDevice(msgspec.Struct, frozen=True, kw_only=True):
    device_id: _Id


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    device_id: str


@action("permit_join", needs="screen", example={"duration_s": 120})
async def permit_join(context: Context, payload: PermitJoin) -> Permitted:
    """Let new devices join the house's network for a while. Subscribers of `network` hear how far
    each has come (`join_progress`), and those of `devices` of the device once it can be used
    (`device_added`)."""
    joining = await context.services.joining.permit(
        payload.duration_s,
        via=payload.via,
        device_id=payload.device_id,
        install_code=payload.install_code,
        qr=payload.qr,
    )
    return Permitted(duration_s=payload.duration_s, joining=joining)


@action("get_joining", needs="agent")
def get_joining(context: Context, payload: GetJoining) -> JoiningState:  # noqa: ARG001
    """Whether devices may join, and how far those have come that did."""
    joining = context.services.joining
    return JoiningState(joining=joining.state(), devices=joining.under_way())


@action("retry_join", needs="screen", example={"device_id": "00:12:4b:00:00:00:00:01"})
def retry_join(context: Context, payload: OneDevice) -> JoinProgress:
    """Ask a device again what it is, whose interview got stuck."""
    return context.services.joining.retry(payload.device_id)


@action("forget_join", needs="screen", example={"device_id": "00:12:4b:00:00:00:00:01"})
async def forget_join(context: Context, payload: OneDevice) -> Forgotten:
    """Give up a device that joined and never told what it is: it is sent away and forgotten."""
    await context.services.joining.forget(payload.device_id)
    return Forgotten(device_id=payload.device_id)
