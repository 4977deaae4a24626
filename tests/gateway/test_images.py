import base64

import pytest

from pichat.llm.errors import ModelFailedError
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen


async def test_a_picture_is_drawn(world: World, screen: Screen) -> None:
    asked = {"prompt": "A lighthouse", "size": "1024x1024", "provider": "drawer"}
    begun, piece, whole = await screen.until_last(await screen.send("generate_image", asked))
    assert begun["status"] == "processing"
    assert begun["chunk"]["metadata"] == {"provider": "drawer", "model": "brush-1"}
    assert piece["chunk"]["type"] == "image"
    assert base64.b64decode(piece["chunk"]["data"]) == b"\x89PNG picture"
    assert piece["chunk"]["metadata"] == {"media_type": "image/png", "size": "1024x1024"}
    assert whole["payload"] == {
        "provider": "drawer",
        "model": "brush-1",
        "media_type": "image/png",
        "size_bytes": 12,
    }
    assert world.drawer.asked == [("A lighthouse", "1024x1024")]
    await screen.ask("generate_image", {"text": "A boat"})
    assert world.drawer.asked[1:] == [("A boat", None)]


async def test_a_profile_without_the_cloud(world: World, screen: Screen) -> None:
    world.drawer.cloud_allowed = False
    reply = await screen.ask("generate_image", {"prompt": "A lighthouse"})
    assert reply["payload"]["code"] == "unsupported"
    assert "may not use the cloud" in reply["error"]
    assert world.drawer.asked == []


async def test_somebody_who_cannot_draw(world: World, screen: Screen) -> None:
    reply = await screen.ask("generate_image", {"prompt": "A lighthouse", "provider": "somebody"})
    assert reply["payload"]["code"] == "not_found"
    assert "drawer" in reply["error"]


async def test_a_provider_that_fails(world: World, screen: Screen) -> None:
    world.drawer.error = ModelFailedError("They report a fault of their own (HTTP 500).")
    reply = await screen.ask("generate_image", {"prompt": "A lighthouse"})
    assert reply["payload"]["code"] == "model_failed"
    assert reply["payload"]["retryable"]


@pytest.mark.parametrize("payload", [{}, {"prompt": ""}, {"prompt": "x", "size": "huge"}])
async def test_what_is_no_request_for_a_picture(screen: Screen, payload: Frame) -> None:
    assert (await screen.ask("generate_image", payload))["payload"]["code"] == "bad_request"
