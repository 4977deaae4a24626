"""Files that are sent: by HTTP, as a body and in a form, and what becomes of them."""

import asyncio
import stat
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pichat.config.types import Limits
from pichat.gateway.uploads.uploads import Uploads
from pichat.turn.user_changes import UserChange
from tests.gateway.fakes import World, running_world
from tests.gateway.http import Http, Json, connected
from tests.gateway.kept.pictures import BARE_MP3, OTHERS, REFUSED, gif, jpeg, png, webp
from tests.gateway.screen import DEADLINE_S, Screen

PATH = "/api/uploads"
KINDS = {
    "image/png": png(),
    "image/gif": gif(),
    "image/jpeg": jpeg(),
    "image/webp": webp(b"VP8X"),
    "text/plain": "Grüße\tan\r\nalle ❤".encode(),
    **OTHERS,
}

IN_BASE64 = (
    b'--x\r\nContent-Disposition: form-data; filename="b"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n"
)


def uploads_of(world: World) -> Uploads:
    found = world.gateway._services.uploads
    assert isinstance(found, Uploads)
    return found


def left(world: World) -> list[str]:
    """What lies in the folder."""
    folder = uploads_of(world)._folder
    return sorted(path.name for path in folder.iterdir())


async def send(
    http: Http, data: Any, name: str = "", kind: str = "application/octet-stream", **headers: str
) -> tuple[int, Json]:
    query = {"name": name} if name else None
    data = BytesIO(data) if isinstance(data, bytes) else data
    async with http.session.post(
        f"{http.url}{PATH}",
        data=data,
        params=query,
        headers={**http.headers, "Content-Type": kind, **headers},
    ) as response:
        return response.status, await response.json()


async def form(http: Http, *files: tuple[str, bytes], **fields: str) -> tuple[int, Json]:
    # As browsers have it, also without a file.
    data = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, content in files:
        data.add_field("file", BytesIO(content), filename=name, content_type="text/html")
    async with http.session.post(f"{http.url}{PATH}", data=data, headers=http.headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_is_what_its_bytes_are(world: World, http: Http, kind: str) -> None:
    content = KINDS[kind]
    status, sent = await send(http, content, "../../etc/Küche\n <b>.html", "text/html")
    assert (status, sent["media_type"], sent["size_bytes"]) == (201, kind, len(content))
    assert sent["name"] == "Küche <b>.html"
    is_picture = kind.startswith("image/")
    assert (sent["width_px"], sent["height_px"]) == ((3, 2) if is_picture else (None, None))
    assert await http.ask("GET", f"{PATH}/{sent['id']}") == (200, sent)
    async with http.session.get(f"{http.url}{sent['url']}") as response:
        assert await response.read() == content
        headers = response.headers
    assert headers["Content-Type"] == kind
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox"
    assert ("attachment" in headers.get("Content-Disposition", "")) is not is_picture
    file = uploads_of(world)._folder / sent["id"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert left(world) == [sent["id"]]
    _, listed = await http.ask("GET", PATH)
    assert listed["uploads"] == [sent]
    assert (await http.ask("DELETE", f"{PATH}/{sent['id']}"))[0] == 200
    assert left(world) == []
    for path in ("", "/content"):
        status, error = await http.ask("GET", f"{PATH}/{sent['id']}{path}")
        assert (status, error["code"]) == (404, "not_found")


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_none_of_them_is_refused(world: World, http: Http, what: str) -> None:
    status, error = await send(http, REFUSED[what], "x.png", "image/png")
    assert (status, error["code"]) == (422, "unsupported")
    assert "UTF-8" in error["error"]
    assert left(world) == []
    assert (await http.ask("GET", PATH))[1]["uploads"] == []


async def test_pictures_tell_their_size_and_huge_ones_are_refused(world: World, http: Http) -> None:
    fine = (
        webp(b"VP8 ", 640, 480),
        webp(b"VP8L", 640, 480),
        webp(b"VP8X", 640, 480),
        jpeg(640, 480, segments=40),
        jpeg(640, 480, segments=0),
        png(640, 480),
        gif(640, 480),
    )
    for content in fine:
        _, sent = await send(http, content)
        assert (sent.get("width_px"), sent.get("height_px")) == (640, 480), sent
    bad = (
        (png(20_000, 10), "16384"),
        (png(10_000, 10_000), "50 million"),
        (gif(0, 5), "no pixels"),
        (png()[:20], "damaged"),
        (jpeg()[:400], "damaged"),
        (b"\xff\xd8\xff\xd9" + bytes(60), "damaged"),
        (webp(b"VP8X")[:26], "damaged"),
        (webp(b"VP8?"), "damaged"),
    )
    for content, says in bad:
        status, error = await send(http, content)
        assert (status, error["code"]) == (400, "bad_request")
        assert says in error["error"]
    assert len(left(world)) == len(fine)
    status, sent = await send(http, BARE_MP3)
    assert (status, sent["media_type"], sent["name"]) == (201, "audio/mpeg", "upload.mpeg")


async def test_a_form_with_one_file(world: World, http: Http) -> None:
    status, sent = await form(http, ("C:\\Users\\me\\lamp.png", png()), purpose="chat", note="x")
    assert (status, sent["name"], sent["media_type"]) == (201, "lamp.png", "image/png")
    status, sent = await form(http, ("", png()))
    assert (status, sent["name"]) == (201, "upload.png")
    large = ("text.txt", ("äöü" * 200_000).encode())
    status, sent = await form(http, large)
    assert (status, sent["size_bytes"]) == (201, len(large[1]))
    kept = left(world)
    for files, fields, says in (
        ((), {"text": "x"}, "no file"),
        ((("a.png", png()), ("b.png", png())), {}, "one file"),
        ((("a.png", b""),), {}, "empty"),
        ((), {"text": "x" * 70_000}, "too long"),
        ((), {f"f{number}": "x" for number in range(20)}, "too many"),
    ):
        status, error = await form(http, *files, **fields)
        assert (status, says in error["error"]) == (400, True), error
    for body, kind in (
        (b"", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--\r\n",
         "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + png(),
         "multipart/form-data; boundary=x"),
        (IN_BASE64, "multipart/form-data; boundary=x"),
    ):  # fmt: skip
        status, error = await send(http, body, kind=kind)
        assert (status, error["code"]) == (400, "bad_request"), body
    assert (await send(http, b""))[0] == 400
    assert left(world) == kept


async def test_too_much_is_refused_and_leaves_nothing() -> None:
    async def chunked(size: int) -> Any:
        for _ in range(size // 1000):
            yield b"x" * 1000

    limits = Limits(upload_bytes=100_000, uploads_bytes=250_000)
    async with running_world(limits=limits) as world, connected(world.url) as http:
        assert (await send(http, b"x" * 100_000))[0] == 201
        for data in (chunked(101_000), b"x" * 100_001, b"x" * 2_000_000):
            status, error = await send(http, data)
            assert (status, error["code"]) == (413, "too_large")
        assert (await form(http, ("a", b"x" * 100_001)))[0] == 413
        assert (await send(http, chunked(100_000)))[0] == 201
        assert len(left(world)) == 2

        # Room for half a file more, and what is there was sent today.
        status, error = await send(http, b"x" * 60_000)
        assert (status, "uploads_bytes" in error["error"]) == (413, True)
        status, fits = await send(http, b"x" * 40_000)
        assert status == 201
        first = (await http.ask("GET", PATH))[1]["uploads"][-1]
        table = uploads_of(world)._table
        await table.use(first["id"], 1.0)
        await table.use(fits["id"], 2.0)
        # The longest unused goes, and only as many as have to.
        assert (await send(http, b"x" * 60_000))[0] == 201
        _, listed = await http.ask("GET", PATH)
        ids = [each["id"] for each in listed["uploads"]]
        assert first["id"] not in ids
        assert fits["id"] in ids
        assert left(world) == sorted(ids)


async def test_who_reads_a_file_uses_it(world: World, http: Http) -> None:
    _, sent = await send(http, png())
    table = uploads_of(world)._table
    await table.use(sent["id"], 1.0)
    await http.ask("GET", f"{PATH}/{sent['id']}")
    assert (await table.all())[0].used_s == 1.0
    async with http.session.get(f"{http.url}{sent['url']}") as response:
        assert response.status == 200
    assert (await table.all())[0].used_s > 1000.0


async def test_a_client_that_stops_in_the_middle_leaves_nothing(world: World, http: Http) -> None:
    host, port = world.url.removeprefix("http://").split(":")
    for head in (
        b"Content-Type: image/png\r\nContent-Length: 5000\r\n\r\n",
        b"Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        chunk = png()
        body = chunk if b"Length" in head else b"%x\r\n%s\r\n" % (len(chunk), chunk)
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\n" + head + body)
        async with asyncio.timeout(DEADLINE_S):
            while not left(world):  # it has begun
                await http.ask("GET", PATH)
            assert left(world)[0].endswith(".part")
            writer.close()
            while left(world) or uploads_of(world)._coming:
                await http.ask("GET", PATH)
    assert (await http.ask("GET", PATH))[1]["uploads"] == []


async def test_what_a_killed_daemon_left_is_swept(world: World, http: Http) -> None:
    uploads = uploads_of(world)
    _, kept = await send(http, png())
    _, lost = await send(http, png())
    folder: Path = uploads._folder
    (folder / lost["id"]).unlink()
    (folder / ".0123.part").write_bytes(b"half a file")
    (folder / "nobody").write_bytes(b"a whole one that was not written down")
    status, error = await http.ask("GET", lost["url"])
    assert (status, "gone" in error["error"]) == (404, True)
    await uploads.sweep()
    assert left(world) == [kept["id"]]
    assert [each["id"] for each in (await http.ask("GET", PATH))[1]["uploads"]] == [kept["id"]]


async def test_each_user_sees_their_own() -> None:
    async with running_world(trust_loopback=False) as world:
        house = await world.token("screen")
        emma = await world.users.create("Emma", "adult", UserChange())
        other = await world.token("agent", user_id=emma.id)
        visitor = await world.token("guest", user_id="guest")
        async with (
            connected(world.url, Authorization=f"Bearer {house}") as mine,
            connected(world.url, Authorization=f"Bearer {other}") as theirs,
            connected(world.url, Authorization=f"Bearer {visitor}") as guest,
            connected(world.url) as nobody,
        ):
            _, sent = await send(mine, png())
            for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
                status, _ = await theirs.ask(method, f"{PATH}/{sent['id']}{path}")
                assert status == 404
            assert (await theirs.ask("GET", PATH))[1]["uploads"] == []
            assert (await send(guest, png()))[0] == 403
            assert (await send(nobody, png()))[0] == 401
            assert len(left(world)) == 1


async def test_pictures_go_along_with_a_chat(world: World, http: Http, screen: Screen) -> None:
    _, first = await send(http, png())
    _, second = await send(http, gif())
    _, text = await send(http, b"no picture", "notes.txt")
    ids = [first["id"], second["id"]]
    await screen.ask("chat", {"text": "what is that?", "attachments": ids})
    images = world.turns.utterances[0].images
    assert [(image.media_type, image.data) for image in images] == [
        ("image/png", png()),
        ("image/gif", gif()),
    ]
    large = png() + bytes(5_000_000)
    _, third = await send(http, large)
    _, fourth = await send(http, large)
    for wrong, code in (
        (["nobody"], "not_found"),
        ([text["id"]], "unsupported"),
        ([third["id"], fourth["id"]], "too_large"),
        (["x"] * 9, "bad_request"),
    ):
        reply = await screen.ask("chat", {"text": "and that?", "attachments": wrong})
        assert reply["payload"]["code"] == code
    assert len(world.turns.utterances) == 1
