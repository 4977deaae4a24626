"""Downloads from a server that does everything that servers and networks do."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from pichat.models.errors import DiskError, DownloadError, WrongFileError
from pichat.models.shelf import Shelf, installed
from tests.models import hostile
from tests.models.conftest import QUICK, Bench

DATA = random.Random(1).randbytes(700_000)
SETTINGS = b'{"audio": {"sample_rate": 22050}}'


async def test_a_voice_of_two_files_is_there_whole_and_known(bench: Bench) -> None:
    entry = bench.server.entry("voice", v__onnx=DATA, v__onnx__json=SETTINGS)
    voice = await bench.install(entry)
    assert voice.path.read_bytes() == DATA
    assert voice.path.with_name("v.onnx.json").read_bytes() == SETTINGS
    assert installed(bench.state_dir) == [voice]
    assert not list((bench.state_dir / "models" / ".incoming").iterdir())


async def test_a_broken_connection_goes_on_where_it_broke(bench: Bench) -> None:
    bench.server.faults = [hostile.cuts_off(300_000), hostile.cuts_off(100_000)]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert bench.server.asked[0] is None
    starts = [int(str(asked).strip("bytes=-")) for asked in bench.server.asked[1:]]
    assert 0 < starts[0] <= 300_000 < starts[1] <= 400_000
    assert bench.server.conditions == [None, hostile.etag(DATA), hostile.etag(DATA)]


async def test_connections_that_break_anywhere_end_in_the_right_file(bench: Bench) -> None:
    chance = random.Random(7)
    bench.server.faults = [hostile.cuts_off(chance.randint(1, 90_000)) for _ in range(20)]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA


async def test_a_file_that_changed_meanwhile_is_begun_again(bench: Bench) -> None:
    """The server swaps the file for the one that the manifest names: the old part must go."""
    entry = bench.server.entry("m", m__gguf=DATA)
    older = bytes(reversed(DATA))
    bench.server.files["m.gguf"] = older

    async def then_changes(request: web.Request, data: bytes) -> web.StreamResponse:
        bench.server.files["m.gguf"] = DATA
        return await hostile.cuts_off(200_000)(request, data)

    bench.server.faults = [then_changes]
    model = await bench.install(entry)
    assert model.path.read_bytes() == DATA
    assert bench.server.conditions[1] == hostile.etag(older)
    assert len(bench.server.asked) == 2


async def test_a_stall_is_broken_off_and_tried_again(bench: Bench) -> None:
    bench.server.faults = [hostile.stalls(200_000)]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert bench.ears.waited[0][0] == "127.0.0.1 sends nothing"


async def test_waits_double_and_a_dead_server_ends_it_with_what_arrived_kept(bench: Bench) -> None:
    bench.server.faults = [hostile.cuts_off(200_000)]
    bench.server.always = hostile.says(503)
    with pytest.raises(DownloadError) as caught:
        await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert [wait for _, wait in bench.ears.waited] == [0.01, 0.01, 0.02]
    sentence = caught.value.sentence
    assert sentence.startswith("m.gguf could not be downloaded: 127.0.0.1 is busy or ill (503).")
    assert "is kept" in sentence
    bench.server.always = None
    await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert str(bench.server.asked[-1]).startswith("bytes=")


async def test_a_server_that_ignores_ranges_sends_all_of_it_again(bench: Bench) -> None:
    bench.server.faults = [hostile.cuts_off(300_000), hostile.ignores_ranges]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert 0 in bench.ears.counts


async def test_one_that_ignores_ranges_and_always_breaks_off_is_given_up(bench: Bench) -> None:
    bench.server.always = hostile.cuts_off(300_000, ranges=False)
    with pytest.raises(DownloadError, match="the connection broke off"):
        await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert len(bench.server.asked) <= 6


async def test_an_end_that_comes_too_early_is_no_end(bench: Bench) -> None:
    bench.server.faults = [hostile.too_little, hostile.too_little]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA


async def test_a_corrupt_byte_is_downloaded_once_more(bench: Bench) -> None:
    bench.server.faults = [hostile.corrupts]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert bench.server.asked == [None, None]


async def test_one_that_always_corrupts_is_told_and_nothing_stays(bench: Bench) -> None:
    bench.server.always = hostile.corrupts
    with pytest.raises(WrongFileError, match="arrived damaged twice: its checksum is not the one"):
        await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert len(bench.server.asked) == 2
    assert installed(bench.state_dir) == []
    assert [f.stat().st_size for f in bench.shelf.incoming("m").iterdir()] == [0]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (hostile.says(404), r"does not send m.gguf: it is not there \(404\)\."),
        (hostile.says(403), r"does not give it out \(403\)\."),
        (hostile.says(418), r"makes no sense here \(418\)\."),
        (hostile.web_page, "sends a web page instead of m.gguf. A login page"),
        (hostile.wrong_length, "has a m.gguf of 699,999 bytes; it should have 700,000"),
        (hostile.too_much, "sends more than the 700,000 bytes of m.gguf"),
        (hostile.redirects("http://198.51.100.1/m.gguf"), "not encrypted"),
        (hostile.redirects("file:///etc/passwd"), "is no https address"),
        (hostile.redirects("/m.gguf"), "redirected in circles"),
    ],
)
async def test_what_trying_again_does_not_help_is_said_at_once(
    bench: Bench, fault: hostile.Answer, sentence: str
) -> None:
    bench.server.always = fault
    with pytest.raises(WrongFileError, match=sentence):
        await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert bench.ears.waited == []


async def test_a_redirect_on_this_machine_is_followed(bench: Bench) -> None:
    bench.server.faults = [hostile.redirects("/m.gguf?signature=a%2Fb")]
    assert (await bench.install(bench.server.entry("m", m__gguf=DATA))).path.read_bytes() == DATA


async def test_a_part_that_the_server_does_not_know_is_begun_again(bench: Bench) -> None:
    bench.server.faults = [hostile.cuts_off(300_000), hostile.says(416)]
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert bench.server.asked[2] is None


async def test_what_is_no_http_is_a_broken_connection(bench: Bench) -> None:
    bench.server.faults = [hostile.garbage]
    assert (await bench.install(bench.server.entry("m", m__gguf=DATA))).path.read_bytes() == DATA


async def test_a_busy_server_is_waited_for_as_it_asks(bench: Bench) -> None:
    bench.server.faults = [hostile.says(429, Retry_After="0")]
    await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert bench.ears.waited == [("127.0.0.1 is busy or ill (429)", 0.0)]


async def test_one_that_asks_for_too_long_a_wait_is_named(bench: Bench) -> None:
    bench.server.always = hostile.says(429, Retry_After="900")
    with pytest.raises(DownloadError, match="it asks to wait 15 minutes"):
        await bench.install(bench.server.entry("m", m__gguf=DATA))


async def test_nobody_there_is_told(bench: Bench) -> None:
    entry = bench.server.entry("m", m__gguf=DATA)
    entry["files"][0]["url"] = "http://127.0.0.1:9/m.gguf"  # type: ignore[index]
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached"):
        await bench.install(entry)


async def test_a_cancelled_download_keeps_its_part(bench: Bench) -> None:
    bench.server.faults = [hostile.stalls(300_000)]
    entry = bench.server.entry("m", m__gguf=DATA)
    task = asyncio.create_task(bench.install(entry, QUICK._replace(stall_s=30)))
    async with asyncio.timeout(10):
        while not bench.ears.counts or bench.ears.counts[-1] < 300_000:
            await asyncio.wait([task], timeout=0.01)
            assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await bench.install(entry)
    assert bench.server.asked[1] == "bytes=300000-"


async def test_a_damaged_model_is_repaired_and_its_whole_files_stay(bench: Bench) -> None:
    entry = bench.server.entry("voice", v__onnx=DATA, v__onnx__json=SETTINGS)
    voice = await bench.install(entry)
    voice.path.write_bytes(DATA[:-1] + b"?")
    assert voice.damages() == ["v.onnx is damaged: its checksum is wrong."]
    bench.ears.files.clear()
    repaired = await bench.install(entry)
    assert repaired.path.read_bytes() == DATA
    assert bench.ears.files == [("v.onnx", 0)]


async def test_a_reader_sees_the_old_model_until_the_new_one_is_whole(bench: Bench) -> None:
    await bench.install(bench.server.entry("m", m__gguf=DATA))
    newer = bytes(reversed(DATA))
    bench.server.always = hostile.says(404)
    with pytest.raises(WrongFileError):
        await bench.install(bench.server.entry("m", m__gguf=newer))
    assert [each.path.read_bytes() for each in installed(bench.state_dir)] == [DATA]
    bench.server.always = None
    await bench.install(bench.server.entry("m", m__gguf=newer))
    assert [each.path.read_bytes() for each in installed(bench.state_dir)] == [newer]


async def test_no_room_is_found_out_before_the_first_byte(bench: Bench) -> None:
    entry = bench.server.entry("m", m__gguf=DATA)
    entry["files"][0]["size"] = 10**15  # type: ignore[index]
    with pytest.raises(DiskError, match="There is no room in"):
        await bench.install(entry)
    assert bench.server.asked == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 70 MB: the spare room that is asked for, and little more."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=66m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_disk_that_fills_up_meanwhile_is_told_and_the_part_is_kept(
    bench: Bench, small_disk: Path
) -> None:
    bench.shelf = Shelf(small_disk)

    async def fills_up(request: web.Request, data: bytes) -> web.StreamResponse:
        """Somebody else takes the room that was free a moment ago."""
        with (
            (small_disk / "other").open("wb", buffering=0) as other,
            pytest.raises(OSError, match="space"),
        ):
            while True:
                other.write(bytes(4096))
        other_size = (small_disk / "other").stat().st_size
        with (small_disk / "other").open("r+b") as other:
            other.truncate(other_size - 200 * 1024)
        return await hostile.well(request, data)

    bench.server.faults = [fills_up]
    with pytest.raises(DiskError, match=r"The disk is full: .* What has arrived is kept"):
        await bench.install(bench.server.entry("m", m__gguf=DATA))
    (small_disk / "other").unlink()
    model = await bench.install(bench.server.entry("m", m__gguf=DATA))
    assert model.path.read_bytes() == DATA
    assert str(bench.server.asked[1]).startswith("bytes=")
