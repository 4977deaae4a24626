"""The network: what it is, who hears whom, how busy the air is, and moving to another channel."""

from typing import Annotated, Literal

import msgspec

from pichat.gateway.acts import act
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.care.types import (
    ChannelChanged,
    ChannelPlan,
    EnergyScan,
    Neighbours,
    NetworkMap,
    NetworkStatus,
)

Wanted = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetNetwork(msgspec.Struct, frozen=True, kw_only=True):
    pass


class GetNeighbours(msgspec.Struct, frozen=True, kw_only=True):
    """A device by its id or name; “coordinator” is the stick."""

    device_id: Wanted


class ChangeChannel(msgspec.Struct, frozen=True, kw_only=True):
    """Without `confirm: true` nothing is changed, and the reply says what it would mean."""

    channel: int
    confirm: bool = False
    source: Literal["screen", "shell"] = "screen"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """`plan` before, `changed` once it was done."""

    plan: ChannelPlan | None = None
    changed: ChannelChanged | None = None


@action("get_network", needs="agent")
def get_network(context: Context, payload: GetNetwork) -> NetworkStatus:  # noqa: ARG001
    """Tell the network's channel and addresses, the stick and its firmware, how many devices there
    are and what the stick has sent, and the map of the last scan."""
    return context.services.network.network()


@action("scan_network", needs="admin")
async def scan_network(context: Context, payload: GetNetwork) -> NetworkMap:  # noqa: ARG001
    """Ask every router whom it hears: the map of the network. Takes some seconds; its progress is
    told to subscribers as `network_progress`."""
    return await context.services.network.scan_map()


@action("get_neighbours", needs="screen", example={"device_id": "Kitchen light"})
async def get_neighbours(context: Context, payload: GetNeighbours) -> Neighbours:
    """Ask one router, or the stick, whom it hears and how it sends on."""
    return await context.services.network.neighbours(payload.device_id)


@action("scan_energy", needs="admin")
async def scan_energy(context: Context, payload: GetNetwork) -> EnergyScan:  # noqa: ARG001
    """Listen on every channel, and recommend one. Takes some seconds, in which devices are heard
    badly."""
    return await context.services.network.scan_energy()


@action("change_channel", needs="admin", example={"channel": 20})
async def change_channel(context: Context, payload: ChangeChannel) -> Channel:
    """Move the network to another channel, with `confirm: true`; else tell what that means. A
    backup is made before, and afterwards every device that listens is asked whether it came
    along."""
    plan = context.services.network.plan_channel(payload.channel)
    if not payload.confirm:
        return Channel(plan=plan)
    result = await act(context, "change_channel", {"channel": payload.channel}, payload.source)
    return Channel(changed=result.value)
