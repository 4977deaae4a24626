"""What can be asked, as it is told: nothing over the network unless somebody refreshes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pichat.bus import Bus
from pichat.config.types import CloudModel, Config, Llm, LocalModel, Profile, Secret
from pichat.gateway.facets import Filter, facets, narrowed
from pichat.health import Health
from pichat.llm.chain import Chain
from pichat.llm.providers import open_providers
from pichat.store.db import open_database
from pichat.turn.catalogue import FRESH_S, Catalogue, ModelList
from pichat.turn.profiles import Profiles
from scripts.tiny_gguf import SMALLEST, write_tiny_gguf
from tests.gateway.http import Http
from tests.gateway.screen import Screen

OPENROUTERS: dict[str, Any] = {
    "data": [
        {
            "id": "maker/eyes",
            "name": "Maker: Eyes",
            "context_length": 200_000,
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "supported_parameters": ["tools", "temperature"],
        },
        {"id": "maker/painter", "architecture": {"output_modalities": ["image"]}},
        {"id": "text-embedding-3"},
        {"id": 5},
        "nonsense",
    ]
}
ANTHROPICS = {"data": [{"id": "claude-x", "display_name": "Claude X", "max_input_tokens": 1000,
                        "capabilities": {"image_input": {"supported": True}}}]}  # fmt: skip
GEMINIS = {
    "models": [
        {
            "name": "models/gemini-x",
            "displayName": "Gemini X",
            "inputTokenLimit": 32_000,
            "supportedGenerationMethods": ["generateContent"],
        },
        {"name": "models/aqa", "supportedGenerationMethods": ["generateAnswer"]},
    ]
}


class Peer:
    """A server that has lists of models; `answers` by path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        assert "secret" in str(request.headers)
        self.asked.append(request.path)
        answer = self.answers.get(request.path, 404)
        return web.Response(status=answer) if isinstance(answer, int) else web.json_response(answer)


@asynccontextmanager
async def serving() -> AsyncIterator[Peer]:
    peer = Peer()
    app = web.Application()
    app.router.add_get("/{path:.*}", peer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield peer
    finally:
        await runner.cleanup()


@asynccontextmanager
async def catalogue(
    llm: Llm,
    state_dir: Path,
    profile: Profile,
    health: Health | None = None,
    fresh_s: float = FRESH_S,
) -> AsyncIterator[Catalogue]:
    bus = Bus()
    health = health or Health(bus)
    config = Config(llm=llm, profiles={"default": profile})
    async with (
        open_database(Path(":memory:")) as database,
        open_providers(llm, state_dir, health) as providers,
    ):
        profiles = await Profiles.load(config, database, bus)
        yield Catalogue(providers, Chain(providers, health), profiles, health, state_dir, fresh_s)


def by_id(listed: ModelList) -> dict[str, Any]:
    return {model.id: model for model in listed.data}


async def test_without_any_model_there_are_the_commands(http: Http, screen: Screen) -> None:
    status, listed = await http.ask("GET", "/api/models")
    assert status == 200
    found = {model["id"]: model for model in listed["data"]}
    assert list(found) == ["auto", "intents", "scripted"]
    assert (found["intents"]["available"], found["intents"]["place"]) == (True, "house")
    assert found["scripted"]["place"] == "network"
    assert (await screen.ask("get_models"))["payload"] == listed
    _, narrow = await http.ask("GET", "/api/models?place=network&query=SCRIPT&available=true")
    assert [model["id"] for model in narrow["data"]] == ["scripted"]
    assert (await http.ask("GET", "/api/models?modality=image"))[1]["data"] == []
    assert (await http.ask("GET", "/api/models?place=moon"))[0] == 400
    _, metadata = await http.ask("GET", "/api/models/metadata")
    assert metadata["total"] == 3
    assert metadata["providers"] == [
        {"value": "pichat", "count": 2},
        {"value": "scripted", "count": 1},
    ]


async def test_providers_tell_their_models_when_they_are_asked(tmp_path: Path) -> None:
    async with serving() as peer:
        key = Secret("secret")
        clouds = {
            "router": CloudModel(kind="openai", model="maker/eyes", url=peer.url, api_key=key,
                                 image_model="maker/painter"),
            "claude": CloudModel(kind="anthropic", model="claude-y", url=peer.url, api_key=key),
            "google": CloudModel(kind="gemini", model="gemini-x", url=f"{peer.url}/g", api_key=key),
            "own": CloudModel(kind="openai", model="tiny", url=f"{peer.url}/own", api_key=key,
                              cloud=False),
            "azure": CloudModel(kind="openai", model="mine", url=peer.url, api_key=key,
                                api_version="2025-01-01"),
        }  # fmt: skip
        profile = Profile(may_use_cloud=True, chain=("intents", "router:maker/other"))
        async with catalogue(Llm(providers=clouds), tmp_path, profile) as models:
            before = await models.models()
            assert list(by_id(before)) == [
                "auto", "intents", "router", "router:maker/other", "claude", "google", "own",
                "azure",
            ]  # fmt: skip
            assert peer.asked == []
            assert by_id(before)["router"].context_tokens is None
            assert by_id(before)["router"].draws

            peer.answers = {"/v1/models": OPENROUTERS, "/g/models": GEMINIS, "/own/models": 500}
            after = await models.refresh()
            found = by_id(after)
            eyes = found["router"]
            assert (eyes.name, eyes.context_tokens, eyes.tools) == ("Maker: Eyes", 200_000, True)
            assert eyes.input_modalities == ("text", "image")
            assert "router:maker/painter" not in found
            assert "router:text-embedding-3" not in found
            assert found["claude:maker/eyes"].configured is False  # it answered the same list
            assert (found["google"].name, found["google"].context_tokens) == ("Gemini X", 32_000)
            assert "google:aqa" not in found
            assert set(after.errors) == {"own", "azure"}
            assert "HTTP 500" in after.errors["own"]
            assert "deployments" in after.errors["azure"]

            # Once is enough for a while, and what is known is told without asking.
            asked = len(peer.asked)
            assert await models.refresh() == after == await models.models()
            assert len(peer.asked) == asked
            total = len(after.data)
            counted = facets(after.data)
            assert counted.total == total == sum(each.count for each in counted.providers)
            wanted = Filter(modality="image", place="cloud")
            assert {model.provider for model in narrowed(after.data, wanted)} == {
                "router",
                "claude",
            }


async def test_what_was_told_stays_when_it_fails_later(tmp_path: Path) -> None:
    async with serving() as peer:
        cloud = CloudModel(
            kind="anthropic", model="claude-x", url=peer.url, api_key=Secret("secret")
        )
        peer.answers = {"/v1/models": ANTHROPICS}
        async with catalogue(
            Llm(providers={"claude": cloud}), tmp_path, Profile(), fresh_s=0
        ) as models:
            first = by_id(await models.refresh())["claude"]
            assert (first.name, first.context_tokens) == ("Claude X", 1000)
            assert first.input_modalities == ("text", "image")
            # The profile may not use the cloud.
            assert (first.place, first.available) == ("cloud", False)
            assert "may not use" in (first.reason or "")
            peer.answers = {"/v1/models": {"data": "none"}}
            again = await models.refresh()
            assert by_id(again)["claude"] == first
            assert "cannot be understood" in again.errors["claude"]


async def test_the_models_of_this_machine(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "small.gguf", shape=SMALLEST)
    folder = tmp_path / "models" / "other-one"
    folder.mkdir(parents=True)
    (folder / "pichat.json").write_text(
        '{"name": "other-one", "kind": "gguf", "purpose": "talk", "languages": ["en"],'
        ' "ram_mb": 900, "licence": "MIT", "files": [{"url": "https://x.test/o.gguf",'
        f' "sha256": "{"0" * 64}", "size": 700000000}}]}}'
    )
    llm = Llm(local=LocalModel(model=path, context_tokens=1024))
    health = Health(Bus())
    async with catalogue(llm, tmp_path, Profile(), health) as models:
        found = by_id(await models.models())
        local = found["local"]
        assert (local.name, local.place, local.available) == ("small", "house", True)
        assert local.size_bytes == path.stat().st_size
        assert 0 < local.context_tokens <= 1024
        shelved = found["local:other-one"]
        assert (shelved.available, shelved.configured) == (False, False)
        assert "llm.local.model to other-one" in shelved.reason
        health.set("local model", "degraded", "It needs more memory.")
        broken = by_id(await models.models())["local"]
        assert (broken.available, broken.reason) == (False, "It needs more memory.")
        sizes = facets((await models.models()).data).sizes
        assert {each.value for each in sizes} == {"up to 1 GB"}
    path.unlink()
    async with catalogue(llm, tmp_path, Profile()) as models:
        assert by_id(await models.models())["local"].size_bytes is None


@pytest.mark.parametrize("refresh", ["true", "false"])
async def test_a_provider_that_cannot_tell_is_no_error(http: Http, refresh: str) -> None:
    status, listed = await http.ask("GET", f"/api/models?refresh={refresh}")
    assert (status, listed["errors"]) == (200, {})
