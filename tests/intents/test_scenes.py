"""Groups and scenes in sentences, and lights that take their time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pichat.events import DeviceGroup, DeviceOutcome, Scene, ToolResult
from pichat.intents.language import load
from pichat.intents.sentences import Sampler
from pichat.intents.understand import Intents
from pichat.tools.others import with_others
from tests.support.fake_house import device

LIGHTS = [
    device(f"lounge lamp {n}", "Lounge", "light", {"on_off": True, "brightness": 50}, "on_off")
    for n in (1, 2)
]
PLUG = device("heater plug", "Lounge", "plug", {"on_off": False}, "on_off")
CORNER = DeviceGroup(
    id="c0", name="Reading corner", device_ids=tuple(d.id for d in (*LIGHTS, PLUG))
)
MOVIE = Scene(id="m0", name="Movie night", states={LIGHTS[0].id: {"brightness": 10}})
NAMED = with_others((*LIGHTS, PLUG), [CORNER], [MOVIE])


@pytest.fixture(scope="module")
def intents() -> Intents:
    return Intents("en", lambda: NAMED)


def arguments(intents: Intents, text: str) -> dict[str, Any]:
    understood = intents.understand(text)
    assert understood is not None, text
    [call] = understood.calls
    return call.arguments


def test_groups_are_named_like_devices(intents: Intents) -> None:
    for text in ("turn off the reading corner", "turn the reading corner off please"):
        assert arguments(intents, text) == {
            "target": {"devices": ["group:c0"]}, "capability": "on_off", "value": False,
        }  # fmt: skip
    dimmed = arguments(intents, "dim the reading corner to 20 percent")
    assert (dimmed["capability"], dimmed["value"]) == ("brightness", 20)
    # What is said of all lights is not said of a group of them a second time.
    everything = intents.understand("dim the lights")
    assert everything is not None
    targets = [call.arguments["target"]["devices"] for call in everything.calls]
    assert targets == [[light.id] for light in LIGHTS]


@pytest.mark.parametrize(
    "text",
    [
        "activate movie night", "movie night", "movie night please", "turn on movie night",
        "start the movie night scene", "movie night mode", "it's movie night",
    ],
)  # fmt: skip
def test_scenes_by_name(intents: Intents, text: str) -> None:
    understood = intents.understand(text)
    assert understood is not None
    assert [(c.name, c.arguments) for c in understood.calls] == [
        ("activate_scene", {"scene": "scene:m0"})
    ]


def test_only_scenes_that_there_are(intents: Intents) -> None:
    assert intents.understand("activate party time") is None
    bare = Intents("en", lambda: tuple(LIGHTS))
    assert bare.understand("movie night") is None
    assert bare.understand("turn off the reading corner") is None


def test_lights_take_their_time(intents: Intents) -> None:
    short = arguments(intents, "dim the lights to 20 percent over 5 seconds")
    assert (short["value"], short["transition_s"]) == (20, 5)
    long = arguments(intents, "fade lounge lamp 1 to 80 percent over ten minutes")
    assert (long["value"], long["transition_s"]) == (80, 600)
    assert long["target"] == {"devices": [LIGHTS[0].id]}
    assert "transition_s" not in arguments(intents, "dim the lights to 20 percent")


def test_what_is_said_of_them(intents: Intents) -> None:
    def outcomes(make: Callable[[int], DeviceOutcome]) -> list[ToolResult]:
        return [ToolResult(outcomes=tuple(make(n) for n in (0, 1)), value={"scene": "Movie night"})]

    def done(n: int) -> DeviceOutcome:
        return DeviceOutcome(
            device_id=LIGHTS[n].id, device_name=LIGHTS[n].name, capability="brightness", state=20
        )

    def going(n: int) -> DeviceOutcome:
        return DeviceOutcome(
            device_id=LIGHTS[n].id,
            device_name=LIGHTS[n].name,
            capability="brightness",
            state=50,
            going_to=20,
        )

    def half(n: int) -> DeviceOutcome:
        if n:
            return done(n)
        return DeviceOutcome(
            device_id=LIGHTS[n].id,
            device_name=LIGHTS[n].name,
            capability="brightness",
            error_code="device_silent",
            error="The lounge lamp 1 does not answer.",
        )

    scene = intents.understand("movie night")
    assert scene is not None
    assert intents.answer(scene, outcomes(done)) == "Movie night is on."
    assert intents.answer(scene, outcomes(going)) == "Movie night is coming up."
    partly = intents.answer(scene, outcomes(half))
    assert partly.startswith("Movie night is only partly on; the lounge lamp 1 ")
    fade = intents.understand("dim the reading corner to 20 percent over 1 minute")
    assert fade is not None
    text = intents.answer(fade, outcomes(going))
    assert text == "The lounge lamp 1 and the lounge lamp 2 are going to 20 percent."


def test_their_names_are_learnt() -> None:
    sampled = list(Sampler(load("en"), NAMED).sample(3000))
    assert any("reading corner" in text for text in sampled)
    assert any("movie night" in text for text in sampled)
