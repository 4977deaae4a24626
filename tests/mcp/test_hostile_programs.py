"""Programs that hang, flood, lie and die: the one beside them notices nothing, the owner hears why,
and nothing stays behind."""

import asyncio
import gc
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from pichat.mcp.errors import (
    AnswerUnfitError,
    ServerDownError,
    ServerLostError,
    ServerSilentError,
)
from pichat.mcp.upstream.limits import MB
from tests.mcp.neighbours import QUICK, Neighbour, beside, ends, program, street

ONCE = msgspec.structs.replace(QUICK, first_pause_s=60.0, start_s=1.5, list_s=1.5)


def _more(neighbour: Neighbour, than: int) -> bool:
    return neighbour.catalogues > than


def _failures(neighbour: Neighbour, count: int) -> bool:
    return neighbour.states.count("failed") >= count


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("hangs", "did not answer within 1.5 s"),
        ("prints", "it wrote what is no MCP: Server is listening"),
        ("wrong-ids", "did not answer within 1.5 s"),
        ("hangs-at-list", "did not tell within 1.5 s what it has"),
        ("dies-at-once", "ended with code 1. It said: no key is set"),
        ("dies-at-list", "ended with code 4"),
        ("huge-list", "a message of more than 4 MB"),
    ],
)
async def test_one_that_cannot_be_opened_says_why(how: str, says: str) -> None:
    async with beside(how, limits=ONCE) as bad:
        with pytest.raises(ServerDownError, match="nothing was done") as down:
            await bad.says("hello")
        assert says in down.value.sentence
        assert bad.upstream.status().state == "failed"


async def test_one_that_hangs_at_a_call_is_silent_and_one_that_dies_is_lost() -> None:
    async with beside("hangs-at-call") as hanging:
        with pytest.raises(ServerSilentError, match="may still do it"):
            await hanging.says("hello")
        assert hanging.upstream.status().state == "ready"
    async with beside("dies-at-call", call_timeout_s=30) as dying:
        for _ in range(2):  # the next one after that is not refused: it may have been the first's
            with pytest.raises(ServerLostError, match="is not known"):
                await dying.says("hello")
            await dying.until(lambda: dying.states[-1] == "failed")
        assert "ended with code 3. It said: the last words" in dying.reasons[-1]
    async with beside("wrong-ids-at-call") as confused:
        with pytest.raises(ServerSilentError):
            await confused.says("hello")


@pytest.mark.long
async def test_floods_have_to_wait_and_take_no_room() -> None:
    process = psutil.Process()
    before_kb = process.memory_info().rss // 1024
    for how in ("floods", "pings", "stderr-flood"):
        async with beside(how, call_timeout_s=30) as flooding:
            assert await flooding.says("hello") == "hello", how
            cpu_s = sum(process.cpu_times()[:2])
            await asyncio.sleep(1.0)  # what it costs in one second
            assert sum(process.cpu_times()[:2]) - cpu_s < 0.7, how
    async with beside("megabytes", call_timeout_s=30) as large:
        with pytest.raises(ServerLostError, match="is not known"):
            await large.says("hello")
        await large.until(lambda: large.states[-1] == "failed")
        assert "more than 4 MB" in large.reasons[-1]
    gc.collect()
    assert process.memory_info().rss // 1024 - before_kb < 60 * 1024


async def test_one_that_does_not_read_keeps_nobody_waiting() -> None:
    limits = msgspec.structs.replace(QUICK, write_s=0.5)
    async with beside("reads-no-more", limits=limits, call_timeout_s=1) as deaf:
        await deaf.until(lambda: deaf.states[-1] == "ready")
        calls = (deaf.upstream.call("echo", {"text": "x" * MB}) for _ in range(20))
        async with asyncio.timeout(20):
            failures = await asyncio.gather(*calls, return_exceptions=True)
        kinds = (ServerSilentError, ServerLostError, ServerDownError)
        assert all(isinstance(each, kinds) for each in failures), failures


async def test_lists_without_end_and_lies_about_tools() -> None:
    async with beside("pages") as endless:
        assert await endless.says("hello") == "hello"
        assert 50 < len(endless.tools) <= 2000
    async with beside("same-page") as again:
        assert await again.says("hello") == "hello"
        assert again.tools == {"echo"}
    async with beside("lies", call_timeout_s=30) as lying:
        assert await lying.says("hello") == "hello"
        assert lying.tools == {"liar", "slow", "round", "echo"}
        with pytest.raises(AnswerUnfitError, match="may have done it"):
            await lying.says("hello", "liar")
        for tool in ("slow", "round"):
            assert await lying.says("hello", tool) == "hello"


@pytest.mark.long
async def test_one_that_changes_all_the_time_is_asked_less_and_less_often() -> None:
    async with beside("fickle") as fickle:
        await fickle.until(lambda: fickle.catalogues >= 3)
        loop = asyncio.get_running_loop()
        times = []
        for _ in range(2):
            seen, began_s = fickle.catalogues, loop.time()
            await fickle.until(partial(_more, fickle, seen))
            times.append(loop.time() - began_s)
        assert times[1] > times[0]
        assert await fickle.says("hello") == "hello"


async def test_one_that_dies_in_a_loop_rests_longer_and_longer() -> None:
    async with beside("dies-in-a-loop") as dying:
        pauses_s = []
        for count in (1, 2, 3):
            await dying.until(lambda: not dying.upstream.status().again_s)
            await asyncio.gather(dying.says("hello"), return_exceptions=True)
            await dying.until(partial(_failures, dying, count))
            pauses_s.append(dying.upstream.status().again_s or 0.0)
        assert pauses_s[2] > pauses_s[1] > pauses_s[0]
        async with asyncio.timeout(0.2):
            with pytest.raises(ServerDownError, match="ended with code 5"):
                await dying.says("hello")


async def test_one_that_is_mended_comes_back_by_itself(tmp_path: Path) -> None:
    async with beside("until-mended", str(tmp_path / "there")) as broken:
        await broken.until(lambda: broken.states.count("failed") >= 2)
        assert "the file is not there" in broken.reasons[-1]
        (tmp_path / "there").touch()
        await broken.until(lambda: broken.states[-1] == "ready")
        assert await broken.says("hello") == "hello"


async def test_an_old_one_is_asked_only_once_whether_it_is_new() -> None:
    loop = asyncio.get_running_loop()
    limits = msgspec.structs.replace(QUICK, probe_s=1.0, start_s=30)
    async with street(limits) as there:
        began_s = loop.time()
        first = there.moves_in(command=program("well"))
        assert await first.says("hello") == "hello"
        assert 1.0 < loop.time() - began_s < 5.0
        assert first.upstream.status().era == "legacy"
        began_s = loop.time()
        second = there.moves_in(first.upstream.catalogue, command=program("well"))
        assert await second.says("hello") == "hello"
        assert loop.time() - began_s < 1.0


async def test_changes_are_fetched_once_and_cancelling_is_handed_on() -> None:
    limits = msgspec.structs.replace(QUICK, settle_s=0.3)
    async with street(limits) as there:
        good = there.moves_in(command=program("well"), call_timeout_s=60)
        assert await good.says("listed") == "1"
        assert await good.says("learn") == "learn"
        assert await good.says("learn") == "learn"
        await good.until(lambda: good.tools == {"echo", "more_0", "more_1"})
        assert await good.says("listed") == "2"
        calling = asyncio.create_task(good.says("wait"))
        assert await good.says("not yet") == "not yet"
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        assert await good.says("cancelled") == "[true]"


async def test_nothing_stays_when_one_is_ended(tmp_path: Path) -> None:
    for how in ("offspring", "stubborn"):
        file = tmp_path / how
        async with beside(how, str(file)) as bad:
            assert await bad.says("hello") == "hello"
            pids = [int(each) for each in file.read_text(encoding="ascii").split()]
        assert ends(pids), how


@pytest.mark.long
async def test_nothing_stays_when_the_daemon_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio
from tests.mcp.neighbours import program, street
async def main():
    async with street() as there:
        bad = there.moves_in(command=program("stubborn", {str(tmp_path / "pids")!r}))
        print(await bad.says("hello"), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    with subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE) as daemon:  # noqa: ASYNC220
        assert daemon.stdout is not None
        assert await asyncio.to_thread(daemon.stdout.readline) == b"hello\n"
        children = [each.pid for each in psutil.Process(daemon.pid).children(recursive=True)]
        daemon.send_signal(signal.SIGKILL)
    assert len(children) >= 3
    assert await asyncio.to_thread(ends, children)
