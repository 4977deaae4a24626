"""Tools elsewhere: who may use which, what is sent, what comes back, what is written down."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from mcp import types
from msgspec import structs

from pichat.errors import BadRequestError, BusyError, NotAllowedError, NotFoundError
from pichat.events import Source, ToolCall
from pichat.mcp.depth import DEEPEST, KEY, depth_of
from pichat.mcp.errors import ServerLostError
from pichat.mcp.switches import EVERYBODY, Whose
from pichat.tools.remote import Behalf
from tests.mcp.remote_parts import GROWN_UP, Elsewhere, elsewhere, snapshot, text

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, arguments=arguments)


FORECAST = call("web__get_forecast", city="Berlin")


async def test_a_call_is_checked_sent_and_written_down_however_it_ends() -> None:
    async with elsewhere() as there:
        there.servers.answers["web__get_forecast"] = text("Rain.")
        result = await there.remote.call(FORECAST, GROWN_UP)
        assert (result.value, result.outside, result.ok) == ("Rain.", True, True)
        assert there.servers.made == [("web__get_forecast", {"city": "Berlin"}, {KEY: 1})]
        for wrong, error in (
            (call("web__get_forecast"), "it lacks “city” (Which town)"),
            (call("web__get_forecast", city=5), "“city” has to be string"),
            (call("web__get_forecast", city="B", days=99), "integer, at least 1, at most 14"),
        ):
            with pytest.raises(BadRequestError) as raised:
                await there.remote.call(wrong, GROWN_UP)
            assert error in raised.value.sentence
            assert "Nothing was sent" in raised.value.sentence
        with pytest.raises(NotFoundError):
            await there.remote.call(call("web__nothing"), GROWN_UP)
        there.servers.answers["web__send_mail"] = text("No such address.", is_error=True)
        failed = await there.remote.call(call("web__send_mail", to="nobody"), GROWN_UP)
        assert (failed.failed, failed.ok, failed.value) == (True, False, "No such address.")
        there.servers.answers["web__send_mail"] = ServerLostError("It went away.")
        with pytest.raises(ServerLostError):
            await there.remote.call(call("web__send_mail", to="nobody"), GROWN_UP)
        assert len(there.servers.made) == 3
        assert await there.outcomes() == [
            ("web__get_forecast", "ok"),
            *[("web__get_forecast", "bad_request")] * 3,
            ("web__nothing", "not_found"),
            ("web__send_mail", "failed"),
            ("web__send_mail", "mcp_lost"),
        ]
        (newest, *_) = await there.calls.newest(1, alias="*mail")
        assert (newest.source, newest.turn_id, newest.user_id) == ("model", "t", "house")


async def test_what_models_usually_get_wrong_is_mended() -> None:
    async with elsewhere() as there:
        await there.remote.call(call("web__get_forecast", city="B", days="3"), GROWN_UP)
        await there.remote.call(call("web__get_forecast", city="12", days=None), GROWN_UP)
        sent = [arguments for _, arguments, _ in there.servers.made]
        assert sent == [{"city": "B", "days": 3}, {"city": "12"}]


@pytest.mark.parametrize(
    ("source", "behind", "allowed", "may"),
    [
        ("model", "screen", None, True),
        ("model", "voice", ("web__*",), True),
        ("model", "voice", ("get_*",), False),
        ("model", "voice", ("*", "!web__*"), False),
        ("agent", None, None, True),
        ("model", "guest", None, False),
        ("guest", None, ("*",), False),
        ("model", "guest", ("*", "!web__send*"), False),
        ("model", "guest", ("get_*", "web__get_*"), True),
        ("model", "guest", ("web__*", "!web__get_*"), False),
    ],
)
async def test_who_may_use_a_tool(
    source: Source, behind: Source | None, allowed: tuple[str, ...] | None, may: bool
) -> None:
    behalf = Behalf(source=source, behind=behind, allowed=allowed)
    async with elsewhere() as there:
        offered = await there.remote.offered(["weather forecast"], behalf)
        assert ("web__get_forecast" in {each.name for each in offered}) is may
        if may:
            await there.remote.call(FORECAST, behalf)
            return
        with pytest.raises(NotAllowedError):
            await there.remote.call(FORECAST, behalf)
        assert there.servers.made == []


async def test_programs_that_ask_each_other_come_to_an_end() -> None:
    async with elsewhere() as there:
        for depth in range(DEEPEST):
            await there.remote.call(FORECAST, structs.replace(GROWN_UP, depth=depth))
        with pytest.raises(NotAllowedError, match="asked each other"):
            await there.remote.call(FORECAST, structs.replace(GROWN_UP, depth=DEEPEST))
        depths = [depth_of(meta) for _, _, meta in there.servers.made]
        assert depths == [1, 2, 3]
    assert [depth_of(each) for each in (None, {}, {KEY: "x"}, {KEY: -4})] == [0, 0, DEEPEST, 0]


async def test_a_server_is_not_called_without_end() -> None:
    async with elsewhere(calls_per_minute=2) as there:
        await there.remote.call(FORECAST, GROWN_UP)
        await there.remote.call(call("web__send_mail", to="a"), GROWN_UP)
        with pytest.raises(BusyError, match=r"2 times within a minute.* in \d+ s"):
            await there.remote.call(FORECAST, GROWN_UP)
        there.bounds = structs.replace(there.bounds, calls_per_minute=3)
        await there.remote.call(FORECAST, GROWN_UP)


async def test_a_tool_that_changed_or_whose_server_is_off_is_neither_offered_nor_called() -> None:
    async with elsewhere() as there:
        known = [*there.servers.now.tools.values()]
        there.servers.now = snapshot([structs.replace(each, changed=True) for each in known])
        with pytest.raises(NotAllowedError, match="has to agree"):
            await there.remote.call(FORECAST, GROWN_UP)
        assert await there.remote.offered(["weather"], GROWN_UP) == ()
        there.servers.now = snapshot(known, "off")
        assert await there.remote.offered(["weather"], GROWN_UP) == ()


async def test_progress_is_told_five_times_a_second_and_cancelling_reaches_the_server() -> None:
    told: list[tuple[float, float | None, str]] = []
    async with elsewhere() as there:
        there.servers.told = 1000
        heard = asyncio.Event()

        def hear(done: float, total: float | None, message: str) -> None:
            told.append((done, total, message))
            heard.set()

        calling = asyncio.create_task(there.remote.call(FORECAST, GROWN_UP, hear))
        async with asyncio.timeout(10):
            await heard.wait()
        calling.cancel()
        await asyncio.wait([calling])
        assert told[:1] == [(0.0, 1000.0, "step 0")]
        assert len(told) < 10
        assert there.servers.cancelled == ["web__get_forecast"]
        assert await there.outcomes() == [("web__get_forecast", "cancelled")]


# --- switches --------------------------------------------------------------------------------


async def may(there: Elsewhere, behalf: Behalf) -> bool:
    try:
        await there.remote.call(FORECAST, behalf)
    except NotAllowedError as error:
        assert "switched off" in error.sentence
        return False
    return True


async def test_the_more_particular_switch_counts_and_it_is_kept() -> None:
    async with elsewhere() as there:
        change = there.switches.change
        phone = structs.replace(GROWN_UP, client_id="phone", token_id="p1")
        await change(EVERYBODY, off=["web__*"])
        assert not await may(there, GROWN_UP)
        await change(Whose(kind="profile", name="default"), on=["*__get_*"])
        assert await may(there, GROWN_UP)
        assert not await may(there, structs.replace(GROWN_UP, profile="butler"))
        await change(Whose(kind="client", name="phone"), off=["web__get_forecast"])
        assert (await may(there, phone), await may(there, GROWN_UP)) == (False, True)
        await change(Whose(kind="token", name="p1"), on=["web__get_forecast"])
        assert await may(there, phone)
        # The last that fits counts, after a restart as before it.
        await change(EVERYBODY, on=["web__get_forecast"])
        again = await type(there.switches).load(there.switches._table)
        assert again.all() == there.switches.all()
        assert again.is_on("web__get_forecast", Behalf(source="screen"))
        assert not again.is_on("web__send_mail", Behalf(source="screen"))
        # What says the same of all is forgotten, what is wrong refused.
        (only,) = await change(EVERYBODY, on=["*"])
        assert (only.pattern, only.is_on) == ("*", True)
        with pytest.raises(BadRequestError):
            await change(EVERYBODY, on=[""])
        with pytest.raises(BadRequestError, match="which profile"):
            await change(Whose(kind="profile"), on=["*"])
        with pytest.raises(BadRequestError, match="more than"):
            await change(EVERYBODY, off=[f"a{n}" for n in range(400)])
        await there.switches.forget(Whose(kind="client", name="phone"))
        assert there.switches.of(Whose(kind="client", name="phone")) == ()


async def test_nothing_is_passed_on_unless_it_was_switched_on_for_that_token() -> None:
    async with elsewhere() as there:
        passed = there.switches.is_passed_on
        assert not passed("web__get_forecast", "p1")
        await there.switches.change(EVERYBODY, on=["*"])
        assert not passed("web__get_forecast", "p1")
        await there.switches.change(Whose(kind="token", name="p1"), on=["web__get*"])
        assert passed("web__get_forecast", "p1")
        assert not passed("web__send_mail", "p1")
        assert not passed("web__get_forecast", "p2")
        await there.switches.change(EVERYBODY, off=["web__*"])
        assert not passed("web__get_forecast", "p1")


# --- finding ---------------------------------------------------------------------------------


async def test_what_fits_is_offered_behind_what_finds_the_rest() -> None:
    async with elsewhere(offered_tools=1) as there:
        names = [e.name for e in await there.remote.offered(["will it rain tomorrow"], GROWN_UP)]
        assert names[:2] == ["find_tools", "call_tool"]
        offered = await there.remote.offered(["the weather please"], GROWN_UP)
        assert [each.name for each in offered] == ["find_tools", "call_tool", "web__get_forecast"]
        assert offered[2].parameters["required"] == ["city"]
        # What was said before helps, and less than what is said now.
        before = await there.remote.offered(["and in Paris?", "weather in Berlin?"], GROWN_UP)
        assert before[-1].name == "web__get_forecast"
        mail = await there.remote.offered(["send a mail", "weather in Berlin?"], GROWN_UP)
        assert mail[-1].name == "web__send_mail"
        there.bounds = structs.replace(there.bounds, offered_tools=0)
        assert len(await there.remote.offered(["weather"], GROWN_UP)) == 2
    async with elsewhere({}) as nowhere:
        assert await nowhere.remote.offered(["weather"], GROWN_UP) == ()
        assert not nowhere.remote.knows("find_tools")


async def test_find_tools_tells_only_of_what_may_be_used() -> None:
    async with elsewhere() as there:
        narrow = structs.replace(GROWN_UP, allowed=("web__send*",))
        found = await there.remote.call(call("find_tools", query="weather mail"), narrow)
        assert found.outside
        assert [each["name"] for each in found.value["tools"]] == ["web__send_mail"]
        assert found.value["tools"][0]["arguments"]["properties"]["to"] == {"type": "string"}
        nothing = await there.remote.call(call("find_tools", query="xylophone"), narrow)
        assert "try others" in nothing.value
        with pytest.raises(BadRequestError, match="query"):
            await there.remote.call(call("find_tools"), narrow)
        with pytest.raises(NotAllowedError):
            none = structs.replace(GROWN_UP, allowed=("get_*",))
            await there.remote.call(call("find_tools", query="mail"), none)
        assert await there.outcomes() == []  # nothing elsewhere was called


# --- results ---------------------------------------------------------------------------------


def image(data: str, kind: str = "image/png") -> types.ImageContent:
    return types.ImageContent(data=data, mime_type=kind)


async def converted(*content: Any, **more: Any) -> Any:
    async with elsewhere(result_bytes=2048) as there:
        answer = types.CallToolResult(content=[*content], **more)
        there.servers.answers["web__get_forecast"] = answer
        return await there.remote.call(FORECAST, GROWN_UP)


async def test_pictures_count_by_what_they_are() -> None:
    good = base64.b64encode(PNG).decode()
    result = await converted(types.TextContent(text="Look."), image(good, "text/html"))
    assert (result.value, result.images[0].media_type) == ("Look.", "image/png")
    assert result.images[0].data == PNG
    result = await converted(image("%%%"), image(base64.b64encode(b"<html>").decode()))
    assert result.images == ()
    assert result.value["notes"] == [
        "It gave a picture that is broken.",
        "It gave a picture of a kind that cannot be shown.",
    ]
    big = base64.b64encode(PNG + bytes(4000)).decode()
    (note,) = (await converted(image(big))).value["notes"]
    assert note == "It gave a picture of 4 kB: too large."
    assert (await converted(image(good))).value == "A picture."


async def test_long_text_is_cut_and_said_to_be() -> None:
    result = await converted(types.TextContent(text="ü" * 5000))
    assert len(result.value["text"].encode()) <= 2048
    assert result.value["notes"] == [
        "This is only the beginning: it gave 10 kB, more than is taken."
    ]


async def test_structure_links_files_and_sounds() -> None:
    both = await converted(types.TextContent(text='{"a": 1}'), structured_content={"a": 1})
    assert both.value == {"data": {"a": 1}}
    wrapped = await converted(types.TextContent(text="3"), structured_content={"result": 3})
    assert wrapped.value == {"data": {"result": 3}}
    large = await converted(structured_content={"a": "x" * 5000})
    assert large.value["text"].startswith('{"a":"xxx')
    link = types.ResourceLink(uri="file:///notes", name="Notes")
    embedded = types.EmbeddedResource(
        resource=types.TextResourceContents(uri="file:///a", text="inside")
    )
    blob = types.EmbeddedResource(
        resource=types.BlobResourceContents(
            uri="file:///b", blob="AAAA", mime_type="application/zip"
        )
    )
    sound = types.AudioContent(data="AAAA", mime_type="audio/wav")
    result = await converted(link, embedded, blob, sound)
    assert result.value == {
        "text": "inside",
        "links": [{"uri": "file:///notes", "name": "Notes"}],
        "notes": [
            "It gave a file (application/zip, 3 bytes), which is not taken.",
            "It gave a sound, which is not played.",
        ],
    }


# --- the record ------------------------------------------------------------------------------


async def test_old_lines_go() -> None:
    async with elsewhere() as there:
        for _ in range(3):
            await there.remote.call(FORECAST, GROWN_UP)
        await there.calls.flushed()
        await there.database.write("UPDATE mcp_calls SET at_s = 5 WHERE id = 1")
        await there.calls.prune()
        assert len(await there.calls.newest(10)) == 2
        await there.calls.prune(most=1)
        assert len(await there.calls.newest(10)) == 1
