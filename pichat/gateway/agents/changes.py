"""From what happens in the house to what other programs follow of it: told once for what happens
together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import structlog

from pichat.bus import Subscription
from pichat.errors import BusyError
from pichat.events import (
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    Event,
    GroupsChanged,
    PartHealth,
    ProfilesChanged,
    ScenesChanged,
    ToolsChanged,
    TurnFinished,
    UsersChanged,
    WaitingEnded,
)
from pichat.gateway.agents.resources import SCHEME, uri_of
from pichat.gateway.services import Services
from pichat.mcp.server.base import Changed

log = structlog.get_logger(__name__)

SETTLE_S: Final = 0.1
_KINDS = (
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    GroupsChanged,
    PartHealth,
    ProfilesChanged,
    ScenesChanged,
    ToolsChanged,
    TurnFinished,
    UsersChanged,
    WaitingEnded,
)
_WAITING = 4096


class Changes:
    """Run `follow` beside the server."""

    def __init__(self, services: Services, tell: Callable[[Changed], Awaitable[None]]) -> None:
        self._services = services
        self._tell = tell

    async def follow(self) -> None:
        """Tell for ever. An owner runs this in a task."""
        while True:
            with self._services.bus.subscribe(*_KINDS, maxsize=_WAITING) as events:
                try:
                    await self._follow(events)
                except BusyError:
                    log.warning("events lost for programs that follow the house")
            await self._tell(Changed(tools=True, prompts=True, resources=True))

    async def _follow(self, events: Subscription[Any]) -> None:
        while True:
            together = [await events.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    while True:
                        together.append(await events.get())
            await self._tell(self._of(together))

    def _of(self, events: list[Event]) -> Changed:
        uris = dict.fromkeys(uri for event in events for uri in self._uris(event))
        return Changed(
            tools=any(isinstance(event, ToolsChanged) for event in events),
            prompts=any(isinstance(event, ProfilesChanged) for event in events),
            resources=any(isinstance(event, _NEW) for event in events),
            uris=tuple(uris),
        )

    def _uris(self, event: Event) -> Iterator[str]:
        match event:
            case DeviceAdded(device=device) | DeviceChanged(device=device):
                yield f"{SCHEME}devices"
                yield uri_of("devices", device.id)
                yield uri_of("devices", device.name)
                yield f"{SCHEME}rooms"
                if device.area:
                    yield uri_of("rooms", device.area)
            case DeviceRemoved() | WaitingEnded():
                yield f"{SCHEME}devices"
                yield uri_of("devices", event.device_id)
                yield f"{SCHEME}rooms"
            case ProfilesChanged(names=names):
                yield f"{SCHEME}profiles"
                yield from (uri_of("profiles", name) for name in names)
            case TurnFinished(conversation_id=conversation_id):
                yield f"{SCHEME}conversations"
                yield uri_of("conversations", conversation_id)
            case _ if type(event) in _LISTS:
                yield SCHEME + _LISTS[type(event)]


_NEW = (DeviceAdded, DeviceRemoved, ProfilesChanged)
_LISTS: dict[type[Event], str] = {
    GroupsChanged: "groups",
    PartHealth: "health",
    ScenesChanged: "scenes",
    UsersChanged: "users",
}
