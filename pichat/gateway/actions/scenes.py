"""Scenes: made, changed, and taken up through the one door, the tools."""

import time
from typing import Annotated, Any, Literal

import msgspec

from pichat.events import DeviceOutcome, Question, Scene, State
from pichat.gateway.acts import act
from pichat.gateway.context import Context
from pichat.gateway.registry import action

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
States = dict[Id, dict[Id, State]]
"""Capability → value, by device id."""


class GetScenes(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Scenes(msgspec.Struct, frozen=True, kw_only=True):
    scenes: tuple[Scene, ...]


class CreateScene(msgspec.Struct, frozen=True, kw_only=True):
    """With `states` as given; without, as the `device_ids` or the devices of the `area` are
    now."""

    name: Name
    states: States | None = None
    device_ids: tuple[Id, ...] | None = None
    area: Name | None = None
    transition_s: Seconds = 0.0


class UpdateScene(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is; `capture` takes its devices as they are now."""

    scene_id: Id
    name: Name | None = None
    states: States | None = None
    capture: bool = False
    transition_s: Seconds | None = None


class DeleteScene(msgspec.Struct, frozen=True, kw_only=True):
    scene_id: Id


class ActivateScene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene by its id or its name; `transition_s`: other than its own. `user`: whose wish it is,
    by id or name, on a screen that is nobody's in particular."""

    scene: Name
    transition_s: Seconds | None = None
    source: Literal["screen", "shell"] = "screen"
    user: Name | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    scene: Scene


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    scene_id: str


class Activated(msgspec.Struct, frozen=True, kw_only=True):
    """What each device confirmed, or why not. With a `question` nothing was done yet: a person has
    to say yes first (`confirm`)."""

    outcomes: tuple[DeviceOutcome, ...]
    duration_ms: float
    question: Question | None = None


@action("get_scenes", needs="guest")
def get_scenes(context: Context, payload: GetScenes) -> Scenes:  # noqa: ARG001
    """List the scenes with the states that they are made of."""
    return Scenes(scenes=context.services.scenes.all())


@action(
    "create_scene",
    needs="screen",
    reply="scene_created",
    example={"name": "Movie night", "area": "Living room", "transition_s": 2},
)
async def create_scene(context: Context, payload: CreateScene) -> Made:
    """Make a scene of given states, or of how devices are now."""
    scene = await context.services.scenes.create(
        payload.name,
        states=payload.states,
        device_ids=payload.device_ids,
        area=payload.area,
        transition_s=payload.transition_s,
    )
    return Made(scene=scene)


@action(
    "update_scene",
    needs="screen",
    reply="scene_updated",
    example={"scene_id": "1f0c", "capture": True},
)
async def update_scene(context: Context, payload: UpdateScene) -> Made:
    """Change a scene's name, states or transition."""
    scene = await context.services.scenes.update(
        payload.scene_id,
        name=payload.name,
        states=payload.states,
        capture=payload.capture,
        transition_s=payload.transition_s,
    )
    return Made(scene=scene)


@action("delete_scene", needs="screen", reply="scene_deleted", example={"scene_id": "1f0c"})
async def delete_scene(context: Context, payload: DeleteScene) -> Deleted:
    """Forget a scene. Its devices stay as they are."""
    await context.services.scenes.delete(payload.scene_id)
    return Deleted(scene_id=payload.scene_id)


@action("activate_scene", needs="guest", reply="scene_activated", example={"scene": "Movie night"})
async def activate_scene(context: Context, payload: ActivateScene) -> Activated:
    """Take up a scene. Complete once each of its devices has confirmed or failed, or with the
    question that a person has to answer first."""
    arguments: dict[str, Any] = {"scene": payload.scene}
    if payload.transition_s is not None:
        arguments["transition_s"] = payload.transition_s
    begin_s = time.monotonic()
    result = await act(context, "activate_scene", arguments, payload.source, payload.user)
    return Activated(
        outcomes=result.outcomes,
        duration_ms=round((time.monotonic() - begin_s) * 1000, 1),
        question=result.question,
    )
