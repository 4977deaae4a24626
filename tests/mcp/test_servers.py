"""Which servers there are: kept whole, with their keys where nobody else reads them."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from pichat.config.types import McpServer, Secret
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError, UnavailableError
from pichat.mcp.naming import name_for
from pichat.mcp.own import OwnServers
from pichat.mcp.secrets import NAME, SecretFile
from pichat.mcp.servers import Servers
from pichat.mcp.shelf import Shelf
from pichat.mcp.written import Written, redacted, shown_command, shown_url
from pichat.store.db import Database, open_database
from pichat.store.mcp import McpTable
from pichat.store.mcp_servers import McpServerTable
from tests.gateway.fake_mcp import FakeTools, tool

CONFIGURED = {"web": McpServer(url="http://127.0.0.1:9/mcp")}
VARIABLES = {"FILES_KEY": "sk-of-the-environment"}


class House:
    """The servers of one run of the daemon."""

    def __init__(self, shelf: Shelf, own: OwnServers) -> None:
        self.tools = FakeTools(shelf, lambda snapshot: self.servers.hear(snapshot))
        self.servers = Servers(own, CONFIGURED, lambda: VARIABLES, self.tools, shelf)


@asynccontextmanager
async def house(database: Database, folder: Path) -> AsyncIterator[House]:
    own = await OwnServers.load(McpServerTable(database), await SecretFile.load(folder))
    found = House(await Shelf.load(McpTable(database)), own)
    await found.servers.start()
    yield found


async def written_down(database: Database) -> str:
    rows = await database.read("SELECT name, settings FROM mcp_servers")
    return str(rows)


async def test_keys_are_in_a_file_of_their_own_and_in_nothing_that_is_shown(
    tmp_path: Path,
) -> None:
    async with open_database(tmp_path / "x.db") as database:
        async with house(database, tmp_path) as now:
            mail = Written(
                command=("mail-server", "--token", "tok-1234567", "--box=inbox"),
                env={"PASSWORD": "pass-1234567", "KEY": "${FILES_KEY}"},
            )
            maps = Written(
                url="http://user:word@127.0.0.1:9/mcp?apikey=url-1234567",
                headers={"Authorization": "Bearer head-1234567"},
            )
            views = [await now.servers.add("mail", mail), await now.servers.add("maps", maps)]
            shown = str(views) + str(now.servers.views()) + await written_down(database)
            for secret in ("tok-1", "pass-1", "url-1", "head-1", "word@", "sk-of"):
                assert secret not in shown, secret
            assert views[0].address == "mail-server --token *** --box=inbox"
            assert (views[0].env, views[1].headers) == (("PASSWORD", "KEY"), ("Authorization",))
            assert views[1].address == "http://***@127.0.0.1:9/mcp?apikey=***"
            file = tmp_path / NAME
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert "sk-of" not in file.read_text()  # the variable, not what it stands for
        async with house(database, tmp_path) as again:
            assert list(again.tools.servers) == ["web", "mail", "maps"]
            server = again.tools.servers["mail"]
            assert server.command == mail.command
            assert server.env["KEY"] == Secret("sk-of-the-environment")
            assert again.tools.servers["maps"].url == maps.url
            await again.servers.remove("mail")
            await again.servers.remove("maps")
            assert msgspec.json.decode(file.read_bytes()) == {}
            assert list(again.tools.servers) == ["web"]


async def test_a_server_is_changed_field_by_field(tmp_path: Path) -> None:
    async with open_database(Path(":memory:")) as database, house(database, tmp_path) as now:
        written = Written(url="http://127.0.0.1:9/mcp", headers={"A": "one", "B": "two"})
        await now.servers.add("maps", written)
        await now.tools.learn("maps", [tool("find", "Find a place."), tool("route", "A way.")])
        view = await now.servers.update(
            "maps", {"headers": {"A": None, "C": "three"}, "tools": ("find",), "idle_s": 5.0}
        )
        assert (view.headers, view.wanted, view.idle_s) == (("B", "C"), ("find",), 5.0)
        assert now.tools.servers["maps"].headers == {"B": Secret("two"), "C": Secret("three")}
        assert set(now.tools.now.tools) == {"maps__find"}
        # Another address is another server: what the old one told is forgotten.
        view = await now.servers.update("maps", {"url": "http://127.0.0.1:8/mcp"})
        assert (now.servers.tools("maps"), view.tools) == ((), 0)
        view = await now.servers.update("maps", {"command": ("maps-server",)})
        assert (view.kind, view.address) == ("program", "maps-server")
        off = await now.servers.update("maps", {}, enabled=False)
        assert (off.state, off.enabled) == ("off", False)
        assert (await now.servers.update("maps", {"idle_s": 6.0})).enabled is False
        for changes, told in (
            ({"url": "ftp://x"}, "http://host"),
            ({"idle_s": -1}, "idle_s"),
            ({"headers": {"X": "${NOT_SET}"}}, "NOT_SET"),
        ):
            with pytest.raises(BadRequestError, match=told):
                await now.servers.update("maps", changes)
        assert now.servers.view("maps").address == "maps-server"


async def test_what_stands_in_the_config_is_only_switched_and_comes_first(tmp_path: Path) -> None:
    async with open_database(Path(":memory:")) as database:
        async with house(database, tmp_path) as now:
            await now.servers.add("maps", Written(command=("maps",)))
            assert (await now.servers.update("web", {}, enabled=False)).state == "off"
            with pytest.raises(NotAllowedError, match=r"config\.yaml"):
                await now.servers.update("web", {"url": "http://x/mcp"})
            with pytest.raises(NotAllowedError, match=r"config\.yaml"):
                await now.servers.remove("web")
        async with house(database, tmp_path) as again:
            assert [each.name for each in again.servers.views()] == ["web", "maps"]
            assert again.tools.servers["web"].enabled is False
            again.servers.reconfigure({"maps": McpServer(command=("other",))})
            await again.servers.refresh()
            assert [(e.name, e.address, e.configured) for e in again.servers.views()] == [
                ("maps", "other", True)
            ]
            again.servers.reconfigure({})
            await again.servers.refresh()
            assert again.servers.view("maps").address == "maps"  # the owner's own is back


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("a__b", Written(command=("x",)), "a name is of"),
        ("web", Written(command=("x",)), "already"),
        ("x", Written(), "either a `command` or a `url`"),
        ("x", Written(command=("x",), url="http://x/mcp"), "either"),
        ("x", Written(url="localhost:9001"), "looks like"),
        ("x", Written(url="http://x/mcp", headers={"A": "b\nc"}), "characters"),
        ("x", Written(command=("x",), env={"K": "${NOPE}"}), "NOPE"),
    ],
)
async def test_what_cannot_be_added_is_told(
    tmp_path: Path, name: str, written: Written, told: str
) -> None:
    async with open_database(Path(":memory:")) as database, house(database, tmp_path) as now:
        with pytest.raises(BadRequestError, match=told):
            await now.servers.add(name, written)
        assert now.servers.names() == ("web",)
        with pytest.raises(NotFoundError):
            await now.servers.remove("nobody")


async def test_a_variable_that_is_gone_stops_one_server_and_says_so(tmp_path: Path) -> None:
    async with open_database(Path(":memory:")) as database:
        async with house(database, tmp_path) as now:
            await now.servers.add("maps", Written(command=("maps", "${FILES_KEY}")))
        kept = VARIABLES.pop("FILES_KEY")
        try:
            async with house(database, tmp_path) as again:
                assert list(again.tools.servers) == ["web"]
                view = again.servers.view("maps")
                assert (view.state, "FILES_KEY" in str(view.reason)) == ("failed", True)
                assert list(again.servers.problems()) == ["maps"]
                VARIABLES["FILES_KEY"] = kept
                await again.servers.refresh()
                assert again.tools.servers["maps"].command == ("maps", kept)
        finally:
            VARIABLES["FILES_KEY"] = kept


async def test_why_one_failed_is_told_until_it_works(tmp_path: Path) -> None:
    async with open_database(Path(":memory:")) as database, house(database, tmp_path) as now:
        now.tools.down["web"] = "Nothing answers at its address."
        now.tools.rebuild()
        assert now.servers.problems() == {"web": "Nothing answers at its address."}
        assert now.servers.view("web").reason is not None
        del now.tools.down["web"]
        now.tools.rebuild()
        assert (now.servers.problems(), now.servers.view("web").reason) == ({}, None)


async def test_keys_that_cannot_be_kept_change_nothing_and_a_damaged_file_is_set_aside(
    tmp_path: Path,
) -> None:
    async with open_database(Path(":memory:")) as database:
        async with house(database, tmp_path / "not-there") as now:
            with pytest.raises(UnavailableError, match="cannot be kept"):
                await now.servers.add("x", Written(url="http://x/mcp", headers={"A": "b"}))
            assert now.servers.names() == ("web",)
        (tmp_path / NAME).write_text("{not json")
        async with house(database, tmp_path) as again:
            await again.servers.add("x", Written(url="http://x/mcp", headers={"A": "b"}))
        assert (tmp_path / "mcp-secrets.damaged").read_text() == "{not json"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("https://mcp.weather.example/mcp", "weather"),
        ("http://localhost:9001/mcp", "here-9001"),
        ("http://192.168.1.110:9002/mcp", "192-168-1-110-9002"),
        ("npx -y @modelcontextprotocol/server-filesystem@latest /home", "filesystem"),
        ("uvx mcp-server-time --local-timezone Europe/Berlin", "time"),
        ("python -m notes_server", "notes"),
        ("/opt/house/calendar.sh", "calendar"),
        ("taken", "taken-2"),
    ],
)
def test_a_server_without_a_name_gets_one(said: str, name: str) -> None:
    is_url = "://" in said
    written = Written(url=said) if is_url else Written(command=tuple(said.split()))
    assert name_for(written, {"taken"}) == name


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("x --api-key abc --port 1", "x --api-key *** --port 1"),
        ("x --api-key=abc", "x --api-key=***"),
        ("x TOKEN=abc", "x TOKEN=***"),
        ("x --header Authorization:abc", "x --header Authorization:***"),
        ("x http://me:word@host/p?k=v&l=w", "x http://***@host/p?k=***&l=***"),
        ("keychain-server --verbose", "keychain-server --verbose"),
    ],
)
def test_arguments_that_are_keys_are_not_shown(command: str, shown: str) -> None:
    assert " ".join(shown_command(tuple(command.split()))) == shown


def test_what_a_server_says_is_told_without_its_keys() -> None:
    server = McpServer(
        command=("x", "--key=abcdefgh"), headers={"Authorization": Secret("Bearer xyz-12345")}
    )
    said = "It said: key abcdefgh and xyz-12345 are wrong, and the bearer"
    assert redacted(said, server) == "It said: key *** and *** are wrong, and the bearer"
    assert shown_url("http://h/mcp") == "http://h/mcp"
