"""Take up a scene."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec

from pichat.errors import NotFoundError
from pichat.events import LONG_TRANSITION_S, Scene, ToolResult
from pichat.tools.base import Needed, Reach, tool
from pichat.tools.caution import needs_yes
from pichat.tools.house import House
from pichat.tools.meant import folded
from pichat.tools.others import SCENE, scenes_in
from pichat.tools.outcome import outcome
from pichat.tools.question_text import question_text
from pichat.tools.schema import NOT_TOLD


class ActivateScene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`scene`: its name or id. `transition_s`: other than the scene's own."""

    scene: str
    transition_s: Annotated[Annotated[float, msgspec.Meta(ge=0, le=3600)] | None, NOT_TOLD] = None


def guard(house: House, arguments: ActivateScene) -> Needed | None:
    """The whole scene waits when one of its devices needs a yes; the question is about the first
    thing that does."""
    by_id = {device.id: device for device in house.devices()}
    marked = [
        (by_id[device_id], name, value)
        for device_id, states in _scene(house, arguments.scene).states.items()
        if device_id in by_id
        for name, value in states.items()
        if needs_yes(by_id[device_id], name, value)
    ]
    if not marked:
        return None
    _, capability, value = marked[0]
    alike = [device for device, name, wanted in marked if (name, wanted) == (capability, value)]
    devices = tuple({device.id: device for device, _, _ in marked}.values())
    return Needed(devices, partial(question_text, alike, capability, value))


@tool("activate_scene", ActivateScene, "act", guard=guard, told_when=scenes_in)
async def activate_scene(reach: Reach, arguments: ActivateScene) -> ToolResult:
    """Bring up a scene by its name."""
    house = reach.house
    scene = _scene(house, arguments.scene)
    by_id = {device.id: device for device in house.devices()}
    results = await house.activate(scene.id, arguments.transition_s)
    given = arguments.transition_s
    takes_s = scene.transition_s if given is None else given
    outcomes = [
        outcome(
            by_id[device_id],
            name,
            result,
            going_to=scene.states[device_id][name] if takes_s > LONG_TRANSITION_S else None,
        )
        for (device_id, name), result in results.items()
        if device_id in by_id
    ]
    return ToolResult(outcomes=tuple(outcomes), value={"scene": scene.name})


def _scene(house: House, wanted: str) -> Scene:
    """Raises NotFoundError, with what there is."""
    name = folded(wanted)
    for scene in house.scenes():
        if wanted.removeprefix(SCENE) == scene.id or name == folded(scene.name):
            return scene
    known = ", ".join(f"“{scene.name}”" for scene in house.scenes()) or "none"
    raise NotFoundError(f"There is no scene called “{wanted}”. There are: {known}.")
