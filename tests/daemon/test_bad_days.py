"""What owners do to the daemon: each has one sentence, nothing hangs, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from pichat.cli.client import connect, fetch_health
from pichat.errors import UnavailableError
from pichat.store.db import open_database
from tests.support.daemon import DaemonProcess, chat, pichat, running_daemon, start_daemon

SIMULATED: dict[str, Any] = {"simulator": {"radio_delay_ms": 1}}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@asynccontextmanager
async def started(state_dir: Path, **settings: Any) -> AsyncIterator[DaemonProcess]:
    """A daemon that the test stops itself; whatever happens, it does not outlive the test."""
    daemon = await start_daemon(state_dir, **settings)
    try:
        yield daemon
    finally:
        if daemon.process.returncode is None:
            daemon.process.kill()
            await daemon.process.wait()


async def refusal(state_dir: Path, **settings: Any) -> list[str]:
    """What a daemon that cannot start says, after which it ends with exit code 2."""
    async with started(state_dir, **settings) as daemon:
        assert await asyncio.wait_for(daemon.process.wait(), 20) == 2
        return daemon.log.splitlines()


async def until_logged(daemon: DaemonProcess, text: str) -> None:
    tail = await asyncio.create_subprocess_exec(
        "tail", "-n+1", "-f", str(daemon.state_dir / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert tail.stdout is not None
    try:
        async with asyncio.timeout(20):
            while text not in (line := await tail.stdout.readline()).decode():
                assert line
    finally:
        tail.kill()
        await tail.wait()


@pytest.mark.long
async def test_all_processes_are_told_to_stop_at_once(tmp_path: Path) -> None:
    """As systemd does it, and the stick is gone before the daemon closes it."""
    async with started(tmp_path, **SIMULATED) as daemon:
        await daemon.until_ready()
        assert children(daemon.pid)
        # Ctrl-C in a terminal is for a group of processes: it does not reach the others.
        assert os.getpgid(daemon.pid) not in map(os.getpgid, children(daemon.pid))
        for pid in (*children(daemon.pid), daemon.pid):
            os.kill(pid, signal.SIGTERM)
        assert await asyncio.wait_for(daemon.process.wait(), 10) == 0
        assert "Traceback" not in daemon.log


@pytest.mark.long
async def test_a_state_directory_with_a_path_too_long_for_sockets(tmp_path: Path) -> None:
    async with running_daemon(tmp_path / ("long" * 30), **SIMULATED) as daemon:
        answer = await daemon.connect_and_ask("chat", {"text": "turn on the kitchen light"})
        assert answer["code"] is None
        assert (await daemon.simulator.values("kitchen-light"))["on"] is True


@pytest.mark.long
async def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pichat.db").mkdir()
    assert await refusal(tmp_path) == [
        f"The store {tmp_path}/pichat.db cannot be opened: unable to open database file."
    ]


async def test_a_house_file_with_mistakes_is_told_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text("devices: [\n")
    lines = await refusal(tmp_path, simulator={"house": "house.yaml"})
    assert len(lines) == 1
    assert "house.yaml is not YAML: line 2:" in lines[0]


async def test_a_hang_up_and_a_reader_that_leaves_do_not_end_it(tmp_path: Path) -> None:
    """`pichat run | head -0`, in a terminal that is then closed."""
    async with started(tmp_path, zigbee={"path": "nowhere"}) as daemon:
        daemon.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        await until_logged(daemon, "greeting not written")
        daemon.process.send_signal(signal.SIGHUP)
        await until_logged(daemon, "config reloaded")
        await daemon.connect_and_ask("ping", {})
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log


@pytest.mark.long
async def test_shells_end_with_a_sentence_whatever_is_said(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, zigbee={"path": "none"}):
        for text in ("", " ", "\udcff\udcfe", "\x1b[31m", "[/]", "a" * 40_000):
            code, out, err = await asyncio.wait_for(pichat(tmp_path, "say", text), 10)
            assert code in (1, 2)
            assert "Traceback" not in err
            assert (out + err).strip()
        full = os.open("/dev/full", os.O_WRONLY)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pichat",
            "devices",
            f"--state-dir={tmp_path}",
            stdout=full,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(full)
        _, err_bytes = await process.communicate()
    assert process.returncode == 1
    assert err_bytes.decode() == "The output cannot be written: No space left on device.\n"


@pytest.mark.long
async def test_a_daemon_that_hangs_is_told_by_doctor_and_say(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, zigbee={"path": "none"}) as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            (code, out, _), said = await asyncio.wait_for(
                asyncio.gather(pichat(tmp_path, "doctor"), pichat(tmp_path, "say", "hello")), 20
            )
        finally:
            daemon.process.send_signal(signal.SIGCONT)
    assert code == 1
    assert "It hangs" in out
    assert (said[0], said[1]) == (1, "")
    assert said[2].endswith("does not answer.\n")


def let_write(pid: int, longest_file_bytes: int) -> None:
    """As a full disk: writing beyond fails. RLIM_INFINITY frees it again."""
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest_file_bytes, limits[1]))


@pytest.mark.long
async def test_a_disk_that_is_full_at_the_first_start_and_then_freed(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db"):
        pass  # the one that grows is zigpy's
    async with started(tmp_path, **SIMULATED) as daemon:
        let_write(daemon.pid, 60_000)
        try:
            await daemon.until_ready()
            reason = (await fetch_health(tmp_path))["parts"]["zigbee"]["reason"]
            assert reason.startswith("The Zigbee database")
            assert not (tmp_path / "zigbee.db").exists()
            let_write(daemon.pid, resource.RLIM_INFINITY)
            async with asyncio.timeout(20), connect(tmp_path) as connection:
                snapshot = await connection.ask("subscribe", {"topics": ["devices"]})
                if not snapshot["devices"]:
                    await anext(aiter(connection.frames()))
        finally:
            assert await daemon.stop() == 0


@pytest.mark.long
async def test_a_name_that_the_disk_refuses_is_told_and_commands_go_on(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, **SIMULATED) as daemon:
        devices = (await daemon.connect_and_ask("get_devices", {}))["devices"]
        let_write(daemon.pid, 1)
        with pytest.raises(UnavailableError, match=r"cannot be kept .* disk full"):
            await daemon.connect_and_ask(
                "update_device", {"device_id": devices[0]["id"], "name": "sun"}
            )
        answer = await daemon.connect_and_ask("chat", {"text": "turn on the kitchen light"})
        assert answer["code"] is None
        let_write(daemon.pid, resource.RLIM_INFINITY)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_500_commands_over_a_bad_radio_are_all_true_and_nothing_grows(tmp_path: Path) -> None:
    devices = ("kitchen light", "bedroom light", "living room lamp", "hallway light", "office plug")
    async with running_daemon(tmp_path, **SIMULATED) as daemon, connect(tmp_path) as connection:
        await daemon.simulator.settings(loss=0.05)
        process = psutil.Process(daemon.pid)
        begun: tuple[int, int, int] | None = None
        for number in range(500):
            name, wanted = devices[number % 5], number // 5 % 2 == 0
            answer = await chat(connection, f"turn {'on' if wanted else 'off'} the {name}")
            if answer["code"] is None:
                values = await daemon.simulator.values(name.replace(" ", "-"))
                assert values["on"] is wanted, answer["text"]
            if number == 100:
                begun = process.memory_info().rss, process.num_fds(), process.num_threads()
        assert begun is not None
        assert process.memory_info().rss - begun[0] < 4 * 2**20
        assert process.num_fds() <= begun[1] + 2
        assert process.num_threads() <= begun[2] + 1
        assert "Traceback" not in daemon.log
