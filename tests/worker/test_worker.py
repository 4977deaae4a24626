"""A real child process, with a model that behaves as it is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pichat.bus import Bus
from pichat.errors import BusyError, UnavailableError, UnsupportedError
from pichat.events import PartHealth
from pichat.health import Health
from pichat.worker.keeper import Model
from pichat.worker.memory import available_bytes, require_memory
from pichat.worker.rest import LONGEST_S, Rest
from pichat.worker.settle import EARLIER_VICTIM, NICER_BY
from pichat.worker.worker import Limits, Worker
from tests.worker.jobs.scripted import BIG, Request, Settings
from tests.worker.processes import gone

LIMITS = Limits(let_go_s=0.2, waiting=2)


@pytest.fixture
def health() -> Health:
    return Health(Bus())


def scripted(
    health: Health,
    on_load: str = "",
    limits: Limits = LIMITS,
    check: Callable[[], None] = lambda: None,
    on_loading: Callable[[float], None] = lambda _: None,
) -> Worker[Any]:
    model = Model(
        job="tests.worker.jobs.scripted",
        settings=Settings(on_load),
        part="model",
        name="test model",
        doing="testing",
        check=check,
    )
    return Worker(model, Any, health, limits, on_loading)


async def ask(worker: Worker[Any], do: str, deadline_s: float = 20, **fields: Any) -> list[Any]:
    async with worker.run(Request(do=do, **fields), deadline_s=deadline_s) as pieces:
        return [piece async for piece in pieces]


def told(health: Health) -> PartHealth:
    return health.parts()["model"]


def victimhood(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


async def test_it_starts_on_demand_and_streams(health: Health) -> None:
    progress: list[float] = []
    async with scripted(health, on_loading=progress.append) as worker:
        assert (worker.pid, worker.stage) == (None, "unloaded")
        assert await ask(worker, "count", times=500) == [*range(500), "end"]
        assert progress == [0.5, 1.0]
        pid = worker.pid
        assert pid is not None
        sound = os.urandom(960_000)
        assert await ask(worker, "echo", sound=sound) == [sound, "end"]
        assert worker.pid == pid
        assert told(health).status == "ok"
    await gone(pid)


async def test_the_child_is_polite_and_goes_first(health: Health) -> None:
    async with scripted(health) as worker:
        await worker.load()
        assert worker.stage == "idle"
        assert worker.pid is not None
        child = psutil.Process(worker.pid)
        assert child.nice() == min(19, os.nice(0) + NICER_BY)
        assert child.environ()["OPENBLAS_NUM_THREADS"] == "1"
        assert os.getpgid(worker.pid) == worker.pid
        assert victimhood(worker.pid) == EARLIER_VICTIM
        os.kill(worker.pid, signal.SIGINT)
        assert await ask(worker, "count") == [0, "end"]


async def test_two_at_once_are_answered_in_turn_and_more_are_told_to_come_later(
    health: Health,
) -> None:
    async with scripted(health) as worker:
        async with worker.run(Request(do="spin"), deadline_s=20) as first:
            assert await anext(first) == worker.pid
            waiting = [asyncio.create_task(ask(worker, "count", times=2)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(BusyError, match="test model has too much to do"):
                await ask(worker, "count")
        assert await asyncio.gather(*waiting) == [[0, 1, "end"]] * 2


async def test_leaving_early_cancels_and_keeps_the_child(health: Health) -> None:
    async with scripted(health) as worker:
        async with worker.run(Request(do="spin"), deadline_s=20) as pieces:
            pid = await anext(pieces)
        assert await ask(worker, "count") == [0, "end"]
        assert worker.pid == pid


async def test_cancelling_the_one_who_asks_cancels_the_child(health: Health) -> None:
    async with scripted(health) as worker:
        await worker.load()
        pid = worker.pid
        asking = asyncio.create_task(ask(worker, "spin"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        assert await ask(worker, "count") == [0, "end"]
        assert worker.pid == pid


async def test_a_slow_reader_slows_the_child_and_may_leave(health: Health) -> None:
    async with scripted(health) as worker:
        async with worker.run(Request(do="flood"), deadline_s=20) as pieces:
            pid = worker.pid
            assert len(await anext(pieces)) == BIG
        assert await ask(worker, "count") == [0, "end"]
        assert pid in (None, worker.pid)


async def test_one_that_does_not_let_go_is_killed(health: Health) -> None:
    async with scripted(health) as worker:
        async with worker.run(Request(do="ignore me"), deadline_s=20) as pieces:
            pid = await anext(pieces)
        await gone(pid)
        assert await ask(worker, "count") == [0, "end"]
        assert worker.pid != pid
        assert told(health).status == "ok"


@pytest.mark.parametrize("how", ["crash", "nonsense"])
async def test_a_crash_ends_one_request(health: Health, how: str) -> None:
    async with scripted(health) as worker:
        await worker.load()
        pid = worker.pid
        with pytest.raises(UnavailableError, match="test model crashed while it was testing"):
            await ask(worker, how)
        assert await ask(worker, "count") == [0, "end"]
        assert worker.pid != pid


async def test_it_rests_after_crashes_in_a_row_and_says_so(health: Health) -> None:
    async with scripted(health) as worker:
        with pytest.raises(UnavailableError, match="crashed"):
            await ask(worker, "crash")
        assert told(health).status == "ok"
        with pytest.raises(UnavailableError, match="crashed"):
            await ask(worker, "crash")
        shown = told(health)
        assert shown.status == "degraded"
        assert "crashed (signal 11), 2 times in a row. It rests for 1 s." in (shown.reason or "")
        with pytest.raises(UnavailableError, match="2 times in a row"):
            await ask(worker, "count")
        assert worker.pid is None


async def test_a_stopped_child_is_killed_at_the_deadline(health: Health) -> None:
    async with scripted(health) as worker:
        await worker.load()
        pid = worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        # More than a socket holds, so that not even the request goes out.
        with pytest.raises(UnavailableError, match="did not answer in time"):
            await ask(worker, "echo", deadline_s=0.2, sound=bytes(2_000_000))
        await gone(pid)
        assert await ask(worker, "count") == [0, "end"]


async def test_loading_may_take_longer_than_a_request(health: Health) -> None:
    async with scripted(health, on_load="hang", limits=Limits(load_s=0.4)) as worker:
        with pytest.raises(UnavailableError, match="is still being loaded"):
            await ask(worker, "count", deadline_s=0.1)
        with pytest.raises(UnavailableError, match="took too long to load"):
            await asyncio.wait_for(ask(worker, "count"), 5)
        assert told(health).status == "degraded"


@pytest.mark.parametrize(
    ("on_load", "error", "sentence"),
    [
        ("refuse", UnsupportedError, "It is the wrong kind of file."),
        ("raise", UnavailableError, r"cannot be loaded \(RuntimeError\): its files may be damaged"),
        ("crash", UnavailableError, r"crashed while it was loading \(signal 11\)"),
        ("nonsense", UnavailableError, "crashed while it was loading"),
    ],
)
async def test_what_cannot_be_loaded_is_told(
    health: Health, on_load: str, error: type[Exception], sentence: str
) -> None:
    async with scripted(health, on_load) as worker:
        with pytest.raises(error, match=sentence):
            await ask(worker, "count")
        assert worker.pid is None
        assert told(health).status == "degraded"


async def test_a_failing_job_fails_its_request_only(health: Health) -> None:
    async with scripted(health) as worker:
        with pytest.raises(UnsupportedError, match="It knows no such thing"):
            await ask(worker, "refuse")
        pid = worker.pid
        with pytest.raises(UnavailableError, match="test model failed while it was testing"):
            await ask(worker, "raise")
        assert await ask(worker, "count") == [0, "end"]
        assert worker.pid == pid


async def test_it_is_unloaded_when_idle_and_works_again(health: Health) -> None:
    async with scripted(health, limits=Limits(idle_s=0.05)) as worker:
        await worker.load()
        first = worker.pid
        assert first is not None
        await gone(first)
        assert await ask(worker, "count") == [0, "end"]
        assert told(health).status == "ok"


async def test_one_that_is_killed_while_idle_costs_no_request(health: Health) -> None:
    async with scripted(health) as worker:
        await worker.load()
        pid = worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            while worker.pid is not None:
                await asyncio.to_thread(lambda: None)
        assert await ask(worker, "count") == [0, "end"]


async def test_stopping_ends_whatever_it_does(health: Health) -> None:
    async with scripted(health) as worker:
        async with worker.run(Request(do="ignore me"), deadline_s=20) as pieces:
            pid = await anext(pieces)
            waiting = asyncio.create_task(ask(worker, "count"))
            await asyncio.sleep(0)
            async with asyncio.timeout(3):
                await worker.__aexit__()
            with pytest.raises(UnavailableError, match="is being stopped"):
                await anext(pieces)
            with pytest.raises(UnavailableError, match="is being stopped"):
                await waiting
        with pytest.raises(UnavailableError, match="is being stopped"):
            await ask(worker, "count")
    await gone(pid)


@pytest.mark.parametrize("do", ["ignore me", "hold the interpreter"])
async def test_a_killed_daemon_leaves_no_child(do: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.worker.parent", do, stderr=asyncio.subprocess.PIPE
    )
    assert parent.stderr is not None
    child = int(await asyncio.wait_for(parent.stderr.readline(), 20))
    parent.kill()
    await parent.wait()
    await gone(child)


async def test_a_model_that_has_no_room_is_not_loaded(health: Health, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 1000000 kB\nMemAvailable:     207031 kB\n")

    def check() -> None:
        require_memory(480_000_000, "test model", meminfo)

    sentence = "The test model needs about 480 MB of memory, and only 212 MB are free."
    async with scripted(health, check=check) as worker:
        assert told(health) == PartHealth(part="model", status="degraded", reason=sentence)
        with pytest.raises(UnavailableError, match=sentence):
            await ask(worker, "count")
        assert worker.pid is None
        meminfo.write_text("MemAvailable:     907031 kB\n")
        assert await ask(worker, "count") == [0, "end"]
        assert told(health).status == "ok"


def test_memory_that_is_not_told_is_enough(tmp_path: Path) -> None:
    require_memory(1 << 60, "test model", tmp_path / "none")
    assert (available_bytes() or 0) > 1_000_000


def test_rests_double_up_to_a_limit_and_end_with_success() -> None:
    now_s = 100.0
    rest = Rest(lambda: now_s)
    assert [rest.failed() for _ in range(10)] == [0, 1, 2, 4, 8, 16, 32, LONGEST_S, 60, 60]
    now_s += 59
    assert rest.left_s == pytest.approx(1)
    rest.succeeded()
    assert (rest.left_s, rest.failed()) == (0, 0)
