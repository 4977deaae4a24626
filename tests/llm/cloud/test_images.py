"""Pictures by OpenAI's images API, from servers good and bad."""

from __future__ import annotations

import base64

import aiohttp
import msgspec
import pytest

from pichat.errors import NotFoundError, UnsupportedError
from pichat.events import Image
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from pichat.llm.images import MOST_IMAGE_BYTES, Images, media_type
from pichat.llm.openai import OpenAi, create
from tests.llm.cloud.peer import KEY, QUICK, Peer, says
from tests.llm.cloud.talk import PIXEL
from tests.llm.cloud.wires import event


def body(**picture: str) -> bytes:
    return msgspec.json.encode({"created": 1, "data": [picture]})


def in_base64(data: bytes) -> bytes:
    return body(b64_json=base64.b64encode(data).decode())


@pytest.fixture
def provider(peer: Peer, http: aiohttp.ClientSession) -> OpenAi:
    return create("them", peer.config("openai", image_model="dall-e-3"), http, QUICK)


async def test_a_picture(provider: OpenAi, peer: Peer) -> None:
    peer.answers.append(says(200, in_base64(PIXEL)))
    assert await provider.draw("A lamp", "512x512") == Image(media_type="image/png", data=PIXEL)
    assert peer.heard[0].path == "/v1/images/generations"
    assert peer.heard[0].headers["Authorization"] == f"Bearer {KEY}"
    assert peer.body == {
        "model": "dall-e-3",
        "prompt": "A lamp",
        "n": 1,
        "size": "512x512",
        "response_format": "b64_json",
    }


async def test_a_model_that_always_answers_in_base64(
    peer: Peer, http: aiohttp.ClientSession
) -> None:
    peer.answers.append(says(200, in_base64(PIXEL)))
    config = peer.config("openai", image_model="gpt-image-1", api_version="2025-04-01-preview")
    await create("them", config, http, QUICK).draw("A lamp", None)
    assert set(peer.body) == {"model", "prompt", "n"}
    path = "/openai/deployments/gpt-image-1/images/generations?api-version=2025-04-01-preview"
    assert peer.heard[0].path == path


async def test_a_server_that_does_not_take_the_format(provider: OpenAi, peer: Peer) -> None:
    refusal = b'{"error":{"message":"Unknown parameter: response_format","param":null}}'
    peer.answers += [says(400, refusal), says(200, in_base64(PIXEL)), says(200, in_base64(PIXEL))]
    await provider.draw("A lamp", None)
    await provider.draw("A lamp", None)
    assert len(peer.heard) == 3


@pytest.mark.parametrize("url", ["{url}/files/1.png?sig=x", "/files/1.png?sig=x"])
async def test_a_picture_elsewhere_on_the_same_server(
    provider: OpenAi, peer: Peer, url: str
) -> None:
    picture = says(200, PIXEL, "application/octet-stream")
    peer.answers += [says(200, body(url=url.format(url=peer.url))), picture]
    assert (await provider.draw("A lamp", None)).data == PIXEL
    assert peer.heard[1].method == "GET"
    assert peer.heard[1].path == "/files/1.png?sig=x"
    assert "Authorization" not in peer.heard[1].headers


@pytest.mark.parametrize(
    "answer",
    [
        body(url="file:///etc/passwd"),
        body(url="http://["),
        body(url=""),
        body(b64_json="not base64!"),
        in_base64(b"<svg onload='x'>"),
        in_base64(PIXEL + bytes(MOST_IMAGE_BYTES)),
        bytes(2 * MOST_IMAGE_BYTES),
        b'{"data":[]}',
        b"<html>",
        b'{"error":{"message":"-"}}',
    ],
    ids=lambda answer: answer[:24].decode(),
)
async def test_what_is_no_picture(provider: OpenAi, peer: Peer, answer: bytes) -> None:
    peer.answers.append(says(200, answer))
    with pytest.raises(ModelFailedError):
        await provider.draw("A lamp", None)
    assert len(peer.heard) == 1


async def test_a_picture_on_another_machine_is_not_fetched(provider: OpenAi, peer: Peer) -> None:
    elsewhere = peer.url.replace("127.0.0.1", "localhost")
    peer.answers += [says(200, body(url=f"{elsewhere}/router?reboot=1")), says(200, PIXEL)]
    with pytest.raises(ModelFailedError):
        await provider.draw("A lamp", None)
    assert len(peer.heard) == 1


async def test_a_file_that_is_not_there(provider: OpenAi, peer: Peer) -> None:
    peer.answers += [says(200, body(url="/gone.png")), says(404)]
    with pytest.raises(ModelRefusedError):
        await provider.draw("A lamp", None)


async def test_how_drawing_fails(provider: OpenAi, peer: Peer) -> None:
    peer.answers.append(says(429, b"", Retry_After="3"))
    with pytest.raises(RateLimitedError):
        await provider.draw("A lamp", None)
    peer.answers.append(says(500))
    with pytest.raises(ModelFailedError):
        await provider.draw("A lamp", None)
    assert len(peer.heard) == 2  # a picture costs money: not asked for twice
    filtered = b'{"error":{"code":"content_policy_violation","message":"-","param":null}}'
    peer.answers.append(says(400, filtered))
    with pytest.raises(ModelRefusedError, match="refuses to answer this"):
        await provider.draw("A lamp", None)


async def test_a_provider_without_an_image_model(peer: Peer, http: aiohttp.ClientSession) -> None:
    provider = create("them", peer.config("openai"), http, QUICK)
    with pytest.raises(UnsupportedError):
        await provider.draw("A lamp", None)
    with pytest.raises(UnsupportedError, match="image_model"):
        Images({"them": provider}, lambda: True).maker()


async def test_who_draws(peer: Peer, http: aiohttp.ClientSession) -> None:
    makers = {
        name: create(
            name, peer.config("openai", image_model="m", cloud=name != "home"), http, QUICK
        )
        for name in ("far", "home")
    }
    may_use_cloud = True
    images = Images(makers, lambda: may_use_cloud)
    assert images.maker().name == "far"
    assert images.maker("home").name == "home"
    with pytest.raises(NotFoundError, match="far, home"):
        images.maker("nobody")
    may_use_cloud = False
    assert images.maker().name == "home"
    with pytest.raises(UnsupportedError, match="may not use the cloud"):
        images.maker("far")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n..", "image/png"),
        (b"\xff\xd8\xff\xe0..", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", None),
        (b"", None),
        (event(b"x"), None),
    ],
)
def test_what_a_picture_says_of_itself(data: bytes, kind: str | None) -> None:
    assert media_type(data) == kind
