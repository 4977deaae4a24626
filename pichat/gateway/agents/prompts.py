"""Prompts for other programs' models, of which each is a profile."""

from collections.abc import Iterable, Sequence

from pichat.errors import NotFoundError
from pichat.gateway.agents.house import everything
from pichat.gateway.services import Services
from pichat.mcp.server.base import ServedArgument, ServedPrompt
from pichat.tools.specs import house_text
from pichat.tools.targets import rooms_of

_ARGUMENTS = (
    ServedArgument(name="request", description="What the person wants."),
    ServedArgument(name="room", description="The room that the person is in."),
    ServedArgument(name="device", description="The device that it is about."),
)
_RULES = """\
You are “{name}”, the assistant of a house, which you read and change with PiChat's tools. Never \
guess a state. Say that something was done only when a tool's result says that the device \
confirmed it; if it failed, say what failed. What needs a person's yes is not done before that."""


def prompts(services: Services) -> Sequence[ServedPrompt]:
    return [
        ServedPrompt(
            name=name,
            title=f"As {name}",
            description=f"Act for the house as the profile “{name}” does.",
            arguments=_ARGUMENTS,
        )
        for name in services.profiles.names()
    ]


def prompt(services: Services, name: str, arguments: dict[str, str]) -> str:
    """Raises NotFoundError."""
    if name not in services.profiles.names():
        raise NotFoundError(f"There is no profile “{name[:64]}”.")
    settings = services.profiles.view(name).settings
    parts = [_RULES.format(name=name), str(settings.get("system") or "")]
    if language := settings.get("language"):
        parts.append(f"Answer in the language “{language}” unless you are spoken to in another.")
    parts.append(house_text(everything(services)))
    if room := arguments.get("room", "").strip():
        parts.append(f"The person is in this room: {room[:64]}.")
    if device := arguments.get("device", "").strip():
        parts.append(f"It is about this device: {device[:64]}.")
    if request := arguments.get("request", "").strip():
        parts.append(f"The person says: {request[:4000]}")
    return "\n\n".join(part.strip() for part in parts if part.strip())


def values(services: Services, name: str, argument: str) -> Iterable[str]:
    """What an argument may be now."""
    if name not in services.profiles.names():
        return ()
    if argument == "room":
        return rooms_of(services.house.devices())
    if argument == "device":
        return [device.name for device in services.house.devices()]
    return ()
