"""Hearing of what happens: a snapshot, then deltas."""

import msgspec

from pichat import __version__
from pichat.events import Device, ProfilesChanged, VoiceChanged
from pichat.gateway.actions.joining import JoiningState
from pichat.gateway.actions.system import HealthReport, health_report
from pichat.gateway.context import TOPIC_NEEDS, Context, Topic
from pichat.gateway.door.caller import Caller, admit, reaches
from pichat.gateway.registry import action

_ONLY_IF_ASKED: Topic = "scores"  # ten a second


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """Which topics; when it does not say, all that this client may hear of, except `scores`. A
    guest may hear of devices, health, screens and profiles, an agent of network as well, and only
    an admin of pairing."""

    topics: tuple[Topic, ...] | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How things are at this moment. A topic that was not asked for is null."""

    topics: tuple[Topic, ...]
    version: str
    devices: tuple[Device, ...] | None
    joining: JoiningState | None
    voice: VoiceChanged | None
    health: HealthReport | None
    profiles: ProfilesChanged | None


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Unsubscribed(msgspec.Struct, frozen=True, kw_only=True):
    pass


@action("subscribe", needs="guest", example={"topics": ["devices", "health"]})
def subscribe(context: Context, payload: Subscribe) -> Snapshot:
    """Take a snapshot, and hear of every change from then on: frames of status `event` with this
    request's id, whose action is the event's name (device_added, device_changed, device_removed,
    button_pressed, waiting_ended, groups_changed, scenes_changed, joining_changed, join_progress,
    network_progress, turn_started, turn_tool, turn_text, turn_finished, voice_changed,
    transcript, voice_heard, health_changed, confirmation_asked, confirmation_ended,
    frontend_command, profiles_changed, client_settings_changed, suggestions_changed, users_changed,
    pairing_changed, mcp_servers_changed, tools_changed). Subscribing again replaces the topics."""
    services, topics = context.services, _allowed(context.caller, payload.topics)
    context.client.subscribe(context.request_id, frozenset(topics))
    return Snapshot(
        topics=topics,
        version=__version__,
        devices=services.house.devices() if "devices" in topics else None,
        joining=JoiningState(joining=services.joining.state(), devices=services.joining.under_way())
        if "network" in topics
        else None,
        voice=services.voice.state if "voice" in topics else None,
        health=health_report(services.health) if "health" in topics else None,
        profiles=ProfilesChanged(names=services.profiles.names(), active=services.profiles.active)
        if "profiles" in topics
        else None,
    )


def _allowed(caller: Caller, wanted: tuple[Topic, ...] | None) -> tuple[Topic, ...]:
    """Raises NotAllowedError for a topic that was named."""
    if wanted is None:
        return tuple(
            topic
            for topic, needs in TOPIC_NEEDS.items()
            if reaches(caller.scope, needs) and topic != _ONLY_IF_ASKED
        )
    for topic in wanted:
        admit(caller, TOPIC_NEEDS[topic])
    return wanted


@action("unsubscribe", needs="guest")
def unsubscribe(context: Context, payload: Unsubscribe) -> Unsubscribed:  # noqa: ARG001
    """Hear of no more events."""
    context.client.unsubscribe()
    return Unsubscribed()
