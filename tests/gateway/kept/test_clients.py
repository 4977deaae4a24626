"""Settings and presets of front ends, over HTTP and the WebSocket, and how they act."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.config.types import Config, ModelParameters, Profile, Style
from pichat.errors import BadRequestError, UnavailableError
from pichat.events import ClientSettingsChanged, Terms
from pichat.gateway.clients.clients import MOST_CLIENTS
from pichat.gateway.clients.presets import MOST_PRESETS
from pichat.store.clients import LlmWishes, TtsWishes
from pichat.store.db import open_database
from pichat.turn.profiles import Profiles
from tests.gateway.fake_kept import open_clients
from tests.gateway.fakes import World
from tests.gateway.http import Http
from tests.gateway.screen import Screen, connect

KIOSK = "/api/clients/kiosk"


async def test_what_nobody_set_is_as_the_profile_has_it(world: World, http: Http) -> None:
    await world.profiles.update(
        "default", {"system": "Be kind.", "style.rate": 0.9, "parameters.temperature": 0.7}
    )
    assert await http.ask("GET", KIOSK) == (
        200,
        {
            "client_id": "kiosk",
            "llm": {
                "model": "auto",
                "system_prompt": "Be kind.",
                "temperature": 0.7,
                "top_p": None,
                "max_tokens": None,
                "profile": "default",
            },
            "tts": {
                "gender": None,
                "accent": None,
                "rate": 0.9,
                "volume": 1.0,
                "language": "en",
            },
            "stt": {"language": "en"},
            "ui": {},
            "changed": [],
            "active_preset": None,
            "presets": [],
        },
    )
    # What is sent back as it came is no wish: it goes on following the profile.
    for section in ("llm", "tts", "stt"):
        _, now = await http.ask("GET", f"{KIOSK}/{section}")
        assert await http.ask("PUT", f"{KIOSK}/{section}", now) == (200, now)
    await world.profiles.update("default", {"style.rate": 1.2})
    _, view = await http.ask("GET", KIOSK)
    assert (view["changed"], view["tts"]["rate"]) == ([], 1.2)


async def test_put_sets_a_section_and_patch_some_of_it(http: Http) -> None:
    wanted = {"model": "scripted", "temperature": 0.3, "max_tokens": 200}
    status, llm = await http.ask("PUT", f"{KIOSK}/llm", wanted)
    assert (status, {name: llm[name] for name in wanted}) == (200, wanted)
    _, llm = await http.ask("PATCH", f"{KIOSK}/llm", {"temperature": None, "top_p": 0.5})
    assert (llm["model"], llm["temperature"], llm["top_p"]) == ("scripted", None, 0.5)
    _, llm = await http.ask("PUT", f"{KIOSK}/llm", {"system_prompt": "Be brief."})
    assert (llm["model"], llm["system_prompt"]) == ("auto", "Be brief.")
    await http.ask("PUT", f"{KIOSK}/tts", {"gender": "male", "language": "pt-BR"})
    await http.ask("PATCH", f"{KIOSK}/stt", {"language": "de"})
    _, view = await http.ask("GET", KIOSK)
    assert view["changed"] == ["llm.system_prompt", "tts.gender", "tts.language", "stt.language"]
    _, view = await http.ask("POST", f"{KIOSK}/llm/reset")
    assert view["changed"] == ["tts.gender", "tts.language", "stt.language"]
    _, view = await http.ask("POST", f"{KIOSK}/reset")
    assert view["changed"] == []
    assert (await http.ask("POST", f"{KIOSK}/wheels/reset"))[0] == 400


async def test_ui_is_kept_as_it_is(http: Http) -> None:
    theme = {"theme": "dark", "panels": {"left": {"width_px": 300}, "right": [1, None]}}
    assert await http.ask("PUT", f"{KIOSK}/ui", theme) == (200, {"client_id": "kiosk", "ui": theme})
    patch = {"theme": None, "panels": {"left": {"open": True}}}
    _, found = await http.ask("PATCH", f"{KIOSK}/ui", patch)
    assert found["ui"] == {"panels": {"left": {"width_px": 300, "open": True}, "right": [1, None]}}
    for body, status in (({"x": "y" * 65_536}, 400), ([], 400), ("text", 400)):
        assert (await http.ask("PUT", f"{KIOSK}/ui", body))[0] == status
    assert (await http.ask("PUT", f"{KIOSK}/ui", {"x": "y" * 70_000}))[0] == 413
    deep: Any = {}
    for _ in range(40):
        deep = {"x": deep}
    status, error = await http.ask("PUT", f"{KIOSK}/ui", deep)
    assert (status, "levels" in error["error"]) == (400, True)
    assert (await http.ask("GET", f"{KIOSK}/ui"))[1] == found


@pytest.mark.parametrize(
    ("section", "body", "says"),
    [
        ("llm", {"temprature": 1}, "temprature"),
        ("llm", {"temperature": 3}, "temperature"),
        ("llm", {"max_tokens": "many"}, "max_tokens"),
        ("llm", {"model": "sripted"}, "'scripted'"),
        ("llm", {"model": "scripted:"}, "scripted:"),
        ("llm", {"model": "nobody:x", "profile": "kids"}, "“kids”"),
        ("llm", {"client_id": "other"}, "client_id"),
        ("tts", {"gender": "none"}, "gender"),
        ("tts", {"rate": 9}, "rate"),
        ("tts", {"language": "English"}, "language"),
        ("stt", {"accent": "polish"}, "accent"),
    ],
)
async def test_what_does_not_fit_is_named(
    http: Http, section: str, body: dict[str, Any], says: str
) -> None:
    for method in ("PUT", "PATCH"):
        status, error = await http.ask(method, f"{KIOSK}/{section}", body)
        assert (status, error["code"]) == (400, "bad_request")
        assert says in error["error"]
    for client_id in ("a b", "x" * 65, ".x", "ä"):
        assert (await http.ask("GET", f"/api/clients/{client_id}"))[0] == 400
    assert (await http.ask("GET", KIOSK))[1]["changed"] == []


async def test_presets_from_beginning_to_end(http: Http) -> None:
    presets = f"{KIOSK}/presets"
    await http.ask("PUT", f"{KIOSK}/llm", {"temperature": 0.2, "system_prompt": "Whisper."})
    await http.ask("PUT", f"{KIOSK}/tts", {"volume": 0.3})
    await http.ask("PUT", f"{KIOSK}/ui", {"theme": "dark"})
    status, night = await http.ask("POST", presets, {"name": " Night  time "})
    assert (status, night["name"], night["index"], night["active"]) == (201, "Night time", 0, False)
    assert night["settings"]["tts"] == {"volume": 0.3}
    await http.ask("PUT", f"{KIOSK}/tts", {"volume": 0.8})
    assert (await http.ask("POST", presets, {"name": "Day"}))[1]["index"] == 1
    status, error = await http.ask("POST", presets, {"name": "DAY"})
    assert (status, "already" in error["error"]) == (400, True)
    by_name = f"{presets}/by-name/night%20TIME"
    assert (await http.ask("GET", by_name))[1] == night
    _, view = await http.ask("POST", f"{by_name}/apply")
    assert (view["tts"]["volume"], view["ui"]) == (0.3, {"theme": "dark"})

    # An active preset holds where the client has set nothing.
    _, view = await http.ask("POST", f"{by_name}/set-active")
    assert view["active_preset"] == "Night time"
    await http.ask("POST", f"{KIOSK}/llm/reset")
    _, view = await http.ask("PATCH", f"{KIOSK}/tts", {"volume": None, "rate": 1.5})
    assert view == {"gender": None, "accent": None, "rate": 1.5, "volume": 0.3, "language": "en"}
    _, view = await http.ask("GET", KIOSK)
    assert (view["llm"]["temperature"], view["changed"]) == (0.2, ["tts.rate", "ui"])

    _, again = await http.ask("PUT", by_name)
    assert (again["settings"]["tts"], again["active"]) == ({"volume": 0.3, "rate": 1.5}, True)
    _, listed = await http.ask("DELETE", f"{presets}/1")
    assert ([each["name"] for each in listed["presets"]], listed["active"]) == (
        ["Night time"],
        "Night time",
    )
    assert (await http.ask("POST", f"{presets}/clear-active"))[1]["tts"]["volume"] == 1.0
    await http.ask("POST", f"{by_name}/set-active")
    _, listed = await http.ask("DELETE", by_name)
    assert listed == {"presets": [], "active": None}
    for method, path in (
        ("GET", by_name),
        ("PUT", by_name),
        ("POST", f"{by_name}/apply"),
        ("POST", f"{by_name}/set-active"),
        ("DELETE", by_name),
        ("DELETE", f"{presets}/0"),
    ):
        assert (await http.ask(method, path))[0] == 404
    assert (await http.ask("DELETE", f"{presets}/first"))[0] == 400
    for name in ("", " ", "a\nb\x07", "x" * 65):
        assert (await http.ask("POST", presets, {"name": name}))[0] == 400


async def test_they_act_on_the_next_chat_and_are_told(world: World, screen: Screen) -> None:
    await world.profiles.create("kids", {"system": "Be kind."})
    async with connect(world.url) as other:
        await other.ask("subscribe", {"topics": ["profiles"]})
        settings = {
            "client_id": "svelte",
            "llm": {"model": "scripted:big", "temperature": 0.1, "profile": "kids"},
            "ui": {"theme": "dark"},
        }
        told = (await screen.ask("update_client_settings", settings))["payload"]
        assert (await other.receive())["payload"] == {
            "type": "client_settings_changed",
            "client_id": "svelte",
        }
    assert told == (await screen.ask("get_client_settings", {"client_id": "svelte"}))["payload"]
    assert told["llm"]["system_prompt"] == "Be kind."
    await screen.ask("chat", {"text": "hello", "client_id": "svelte"})
    await screen.ask("chat", {"text": "hello", "client_id": "svelte", "profile": "default"})
    await screen.ask("chat", {"text": "hello"})
    wished, named, plain = world.turns.utterances
    assert wished.terms == Terms(model="scripted:big", temperature=0.1)
    assert (wished.profile, named.profile, plain.profile) == ("kids", "default", "")
    assert (named.terms, plain.terms) == (wished.terms, Terms())
    wrongs: tuple[dict[str, Any], ...] = (
        {"llm": {"temprature": 1}},
        {"lm": {}},
        {"ui": []},
        {"llm": {"model": "x"}},
    )
    for wrong in wrongs:
        reply = await screen.ask("update_client_settings", {"client_id": "svelte", **wrong})
        assert reply["payload"]["code"] == "bad_request"


async def test_a_style_of_its_own(tmp_path: Path) -> None:
    voice = Path("/voices/amy.onnx")
    config = Config(profiles={"default": Profile(style=Style(piper_voice=voice, rate=0.9))})
    async with open_database(Path(":memory:")) as database:
        profiles = await Profiles.load(config, database, Bus())
        clients = await open_clients(database, profiles, Bus(), "local", "cloud")
        assert clients.style("cli") == Style(piper_voice=voice, rate=0.9)
        await clients.change("cli", tts=TtsWishes(rate=1.5, language="de"))
        assert clients.style("cli") == Style(piper_voice=voice, rate=1.5)
        assert (clients.speaks("cli"), clients.hears("cli")) == ("de", None)
        # A Piper voice has its own gender: whoever wants another is spoken to by another engine.
        await clients.change("cli", tts=TtsWishes(gender="male"))
        assert clients.style("cli") == Style(gender="male", rate=1.5)


async def test_a_restart_finds_it_and_what_fits_no_more_waits(tmp_path: Path) -> None:
    async with open_database(tmp_path / "x.db") as database:
        profiles = await Profiles.load(Config(profiles={"kids": Profile()}), database, Bus())
        clients = await open_clients(database, profiles, Bus(), "cloud")
        llm = LlmWishes(model="cloud:big", profile="kids", max_tokens=9)
        await clients.change("cli", llm=llm, ui={"a": [1]})
        await clients.save_preset("cli", "One")
        await clients.activate_preset("cli", "One")
        await clients.set_tools("cli", ["get_*"])
        before = clients.view("cli")
    async with open_database(tmp_path / "x.db") as database:
        again = await open_clients(database, profiles, Bus(), "cloud")
        assert again.view("cli") == before
        assert again.wishes("cli") == Terms(tools=("get_*",), model="cloud:big", max_tokens=9)
        assert again.profile("cli") == "kids"
        await database.write("UPDATE clients SET settings = '{\"wishes\": 5}'")
        gone = await Profiles.load(Config(), database, Bus())
        other = await open_clients(database, gone, Bus())
        assert other.wishes("cli") == Terms(tools=("get_*",), max_tokens=9)  # the preset's
        assert (other.profile("cli"), other.view("cli").llm.profile) == ("", "default")
        # Nothing is left of one that has nothing any more.
        await again.reset("cli", "llm", "tts", "stt", "ui")
        await again.delete_preset("cli", 0)
        await again.set_tools("cli", None)
        assert await database.read("SELECT id FROM clients") == []


async def test_how_much_is_kept_is_bounded(world: World, http: Http) -> None:
    clients = world.gateway._services.clients
    for number in range(MOST_PRESETS):
        await clients.save_preset("kiosk", f"Preset {number}")
    status, error = await http.ask("POST", f"{KIOSK}/presets", {"name": "One more"})
    assert (status, str(MOST_PRESETS) in error["error"]) == (400, True)
    large = {"x": "y" * 60_000}
    refused = 0
    for number in range(MOST_CLIENTS + 1):
        try:
            await clients.change(f"client{number}", ui=large)
        except BadRequestError as error_of_part:
            assert "MB" in error_of_part.sentence
            refused += 1
    assert refused > 20
    await clients.change("client0", ui={"x": None})  # what makes it less is always taken
    for number in range(MOST_CLIENTS):
        await clients.reset(f"client{number}", "ui")
    for number in range(MOST_CLIENTS - 1):
        await clients.change(f"client{number}", ui={"x": 1})
    with pytest.raises(BadRequestError, match=str(MOST_CLIENTS)):
        await clients.change("one-more", ui={"x": 1})


async def test_a_full_disk_changes_nothing() -> None:
    bus = Bus()
    async with open_database(Path(":memory:")) as database:
        profiles = await Profiles.load(Config(), database, bus)
        clients = await open_clients(database, profiles, bus)
        await database.read("PRAGMA max_page_count = 1")
        with bus.subscribe(ClientSettingsChanged) as events:
            with pytest.raises(UnavailableError):
                await clients.change("cli", ui={"x": "y" * 60_000})
            assert clients.view("cli").ui == {}
            await database.read("PRAGMA max_page_count = 10000")
            await asyncio.gather(*(clients.change("cli", ui={str(n): n}) for n in range(5)))
            assert [(await events.get()).client_id for _ in range(5)] == ["cli"] * 5
        assert clients.view("cli").ui == {str(number): number for number in range(5)}


def test_parameters_of_the_profile_are_named_as_wishes_are() -> None:
    """The settings that `PUT` takes are those that a profile and a turn know."""
    wishes = set(LlmWishes.__struct_fields__) - {"model", "system_prompt", "profile"}
    assert wishes <= set(ModelParameters.__struct_fields__)
    assert wishes | {"model"} <= set(Terms.__struct_fields__)
