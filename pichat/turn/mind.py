"""Makes up what a model has to know to answer one person: the house, the time, what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import structs

from pichat.config.types import Profile, Step
from pichat.events import Device, DeviceChanged, Utterance
from pichat.llm.base import Message, Provider, ToolSpec
from pichat.store.history import whole
from pichat.tools.base import Toolbox
from pichat.tools.remote import Behalf
from pichat.tools.specs import house_text
from pichat.turn.by_models import ByModels
from pichat.turn.model_tools import ToolsOfTurn
from pichat.turn.prompt import context_text, system_text
from pichat.turn.thinking import Models, Thinking, Wish


class Memories(Protocol):
    """What was said before."""

    async def before(self, utterance: Utterance) -> tuple[Message, ...]: ...


class Mind:
    """`models` asks the `providers`; `devices` and `changes` tell the house as it is."""

    def __init__(
        self,
        models: Models,
        providers: Mapping[str, Provider],
        tools: Toolbox,
        memories: Memories,
        devices: Callable[[], Sequence[Device]],
        changes: Callable[[], Sequence[DeviceChanged]],
        language: str,
    ) -> None:
        self._models = models
        self._providers = providers
        self._tools = tools
        self._memories = memories
        self._devices = devices
        self._changes = changes
        self._language = language

    @property
    def providers(self) -> tuple[str, ...]:
        """Who could be asked, in the order of the config."""
        return tuple(self._providers)

    async def think(
        self, utterance: Utterance, text: str, name: str, profile: Profile, steps: Sequence[Step]
    ) -> ByModels:
        """A way to answer `text`, by `steps` of the profile's chain. Raises nothing of the models':
        that comes with the answer."""
        devices, before = self._devices(), await self._before(utterance)
        wish = Wish(
            turn_id=utterance.turn_id,
            text=text,
            images=utterance.images,
            history=before,
            system=system_text(profile, house_text(devices), self._language),
            context=context_text(datetime.now().astimezone(), utterance.area, self._changes()),
            profile=structs.replace(profile, chain=tuple(steps)),
            profile_name=name,
        )
        behalf = _behalf(utterance, name, profile)
        tools = ToolsOfTurn(
            toolbox=self._tools,
            devices=self._devices,
            allowed=profile.tools,
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            behind=utterance.source,
            offered=await self._offered(text, before, behalf),
            behalf=behalf,
        )
        return ByModels(text, steps[0].use, Thinking(self._models, tools, wish))

    async def _offered(
        self, text: str, before: Sequence[Message], behalf: Behalf
    ) -> tuple[ToolSpec, ...]:
        """Of tools elsewhere. “And tomorrow?” is about what was said before it."""
        if self._tools.remote is None:
            return ()
        said = next((each.text for each in reversed(before) if each.role == "user"), "")
        return await self._tools.remote.offered([text, said] if said else [text], behalf)

    async def _before(self, utterance: Utterance) -> tuple[Message, ...]:
        """What whoever asks says was said before, or what was kept."""
        if utterance.history is None:
            return await self._memories.before(utterance)
        said = (
            Message(role=each.role, text=each.text, images=each.images)
            for each in utterance.history
        )
        return whole(tuple(said))


def _behalf(utterance: Utterance, name: str, profile: Profile) -> Behalf:
    return Behalf(
        source="model",
        behind=utterance.source,
        turn_id=utterance.turn_id,
        conversation_id=utterance.conversation_id,
        user_id=utterance.user_id,
        profile=name,
        client_id=utterance.client_id,
        token_id=utterance.token_id,
        depth=utterance.depth,
        allowed=profile.tools,
    )
