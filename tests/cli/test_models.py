"""`pichat models` as a process, against a server on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from click.testing import CliRunner

from pichat.cli.main import main
from tests.models import hostile
from tests.models.hostile import Hostile, hostile_server, write_manifest

DATA = random.Random(3).randbytes(1_500_000)
VOICE = {"v__onnx": DATA, "v__onnx__json": b"{}"}
DEADLINE_S = 30


class Desk:
    """A state directory, a server, a manifest, and the command."""

    def __init__(self, folder: Path, server: Hostile) -> None:
        self.folder = folder
        self.server = server
        self.state_dir = folder / "state"
        self.manifest = folder / "manifest.yaml"

    def offer(self, *entries: dict[str, object]) -> None:
        write_manifest(self.manifest, *entries)

    async def start(self, *words: str, limit: Callable[[], None] | None = None) -> Process:
        options = [f"--state-dir={self.state_dir}"]
        options += [] if words[0] == "remove" else [f"--manifest={self.manifest}"]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "pichat", "models", *words, *options),
            stdout=PIPE,
            stderr=PIPE,
            cwd=self.folder,
            env={k: v for k, v in os.environ.items() if k != "PICHAT_CONFIG"},
            preexec_fn=limit,
        )

    async def run(
        self, *words: str, limit: Callable[[], None] | None = None
    ) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        return await ended(await self.start(*words, limit=limit))

    async def here(self, *words: str) -> tuple[int, str, str]:
        """The same in this process: quicker, for what is asked of one that is installed."""
        options = () if words[0] == "remove" else (f"--manifest={self.manifest}",)
        return await asyncio.to_thread(here, self.folder, *words, *options)


async def ended(process: Process) -> tuple[int, str, str]:
    async with asyncio.timeout(DEADLINE_S):
        out, error = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in error, error.decode()
    return process.returncode, out.decode(), error.decode()


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with hostile_server() as server:
        yield Desk(tmp_path, server)


async def test_a_voice_comes_is_used_and_goes(desk: Desk) -> None:
    desk.offer(desk.server.entry("en_GB-x-medium", **VOICE))
    code, out, error = await desk.run("install", "en_GB-x-medium")
    assert code == 0
    assert out.startswith(
        "en_GB-x-medium is installed (2 MB).\nTo use it, write this into config.yaml"
    )
    assert error.startswith("v.onnx: 1.5 MB\nv.onnx.json: 0.0 MB\n")

    lines = out.split("restart PiChat:\n")[1]
    path = yaml.safe_load(lines)["profiles"]["default"]["style"]["piper_voice"]
    folder = desk.state_dir / "models" / "en_GB-x-medium"
    assert path == str(folder / "v.onnx")
    assert (folder / "v.onnx").read_bytes() == DATA

    (desk.folder / "config.yaml").write_text(lines)
    (row,) = json.loads((await desk.here("list", "--json"))[1])
    assert (row["installed"], row["used_by"]) == (path, ["profile default"])
    code, out, _ = await desk.here("list")
    assert "  en_GB-x-medium                      en          2 MB    1 MB  in use\n" in out
    assert "Used by profile default." in out

    code, out, error = await desk.here("remove", "en_GB-x-medium")
    assert (code, out) == (0, "en_GB-x-medium is removed: 2 MB freed.\n")
    assert error == "config.yaml still names it, for profile default.\n"
    assert not folder.exists()


@pytest.mark.long
async def test_a_language_model_is_used_by_its_name(desk: Desk) -> None:
    desk.offer(desk.server.entry("small-1.5b", m__gguf=DATA))
    code, out, _ = await desk.run("install", "small-1.5b")
    assert code == 0
    lines = out.split("restart PiChat:\n")[1]
    assert yaml.safe_load(lines) == {"llm": {"local": {"model": "small-1.5b"}}}
    (desk.folder / "config.yaml").write_text(lines)
    (row,) = json.loads((await desk.here("list", "--json"))[1])
    assert row["used_by"] == ["llm.local"]


@pytest.mark.long
async def test_what_is_there_is_checked_and_repaired(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))
    assert (await desk.run("install", "x"))[0] == 0
    code, out, _ = await desk.run("install", "x")
    path = desk.state_dir / "models" / "x" / "m.gguf"
    assert (code, out) == (0, f"x is already there, and whole: {path}\n")
    assert len(desk.server.asked) == 1

    path.write_bytes(DATA[:-1] + b"?")
    code, out, error = await desk.here("verify")
    assert (code, out) == (1, "x: m.gguf is damaged: its checksum is wrong.\n")
    assert error == "Repair it with: pichat models install x\n"
    code, out, error = await desk.run("install", "x")
    assert code == 0
    assert "x is there, but m.gguf is damaged: its checksum is wrong. It is repaired." in error
    assert await desk.here("verify", "x") == (0, "x: whole\n", "")


@pytest.mark.long
async def test_a_model_that_is_too_big_needs_force(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA) | {"ram_mb": 9_000_000})
    code, _, error = await desk.run("install", "x")
    assert code == 1
    assert error.startswith("x needs 9000.0 GB of memory. This is ")
    assert error.endswith("With --force it is installed all the same.\n")
    assert "too big here" in (await desk.here("list", "--all"))[1]
    assert (await desk.run("install", "x", "--force"))[0] == 0


@pytest.mark.long
async def test_ctrl_c_keeps_what_has_arrived_and_the_next_one_goes_on(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))
    desk.server.faults = [hostile.stalls(900_000)]
    process = await desk.start("install", "x")
    await part_grown(desk, 900_000)
    process.send_signal(signal.SIGINT)
    code, _, error = await ended(process)
    assert code == 130
    assert error.endswith(
        "Stopped. What has arrived is kept: the same command goes on from there.\n"
    )
    code, _, error = await desk.run("install", "x")
    assert code == 0
    assert "m.gguf: 1.5 MB, 0.9 MB of it are here" in error
    assert desk.server.asked == [None, "bytes=900000-"]


async def test_a_killed_install_leaves_nothing_half_and_goes_on_the_next_time(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", **VOICE))
    desk.server.faults = [hostile.stalls(700_000)]
    process = await desk.start("install", "x")
    await part_grown(desk, 700_000)
    process.kill()
    assert (await ended(process))[0] == -signal.SIGKILL
    assert json.loads((await desk.here("list", "--json"))[1])[0]["installed"] is None
    assert (await desk.run("install", "x"))[0] == 0
    assert desk.server.asked[1] == "bytes=700000-"
    assert await desk.here("verify") == (0, "x: whole\n", "")


async def test_what_has_arrived_of_one_that_is_not_there_can_be_removed(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))
    desk.server.faults = [hostile.stalls(900_000)]
    process = await desk.start("install", "x")
    await part_grown(desk, 900_000)
    process.kill()
    await ended(process)
    assert await desk.here("remove", "x") == (0, "x is removed: 900 kB freed.\n", "")
    assert await desk.here("remove", "x") == (1, "", "x is not installed.\n")


@pytest.mark.long
async def test_a_second_one_says_that_the_first_is_at_it(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))
    desk.server.faults = [hostile.stalls(100_000)]
    first = await desk.start("install", "x")
    await part_grown(desk, 100_000)
    for words in (("install", "x"), ("remove", "x")):
        code, _, error = await desk.run(*words)
        assert code == 1
        assert error == (
            f"Another pichat installs or removes models in {desk.state_dir / 'models'} just now."
            " Try again when it has finished.\n"
        )
    first.kill()
    await ended(first)


@pytest.mark.long
async def test_stalls_and_failures_are_told_as_they_happen(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))
    desk.server.faults = [hostile.stalls(500_000)]
    code, _, error = await desk.run("install", "x", "--stall-timeout=0.3")
    assert code == 0
    assert "m.gguf: 127.0.0.1 sends nothing. Trying again in 1 s.\n" in error

    desk.offer(desk.server.entry("y", n__gguf=DATA))
    desk.server.always = hostile.says(503)
    code, _, error = await desk.run("install", "y", "--tries=2")
    assert code == 1
    assert error.splitlines()[1:] == [
        "n.gguf: 127.0.0.1 is busy or ill (503). Trying again in 1 s.",
        "n.gguf could not be downloaded: 127.0.0.1 is busy or ill (503).",
    ]


async def test_a_file_that_may_not_grow_further_is_a_full_disk(desk: Desk) -> None:
    desk.offer(desk.server.entry("x", m__gguf=DATA))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    code, _, error = await desk.run("install", "x", limit=limit)
    assert code == 1
    assert "The disk is full: " in error
    assert (await desk.run("install", "x"))[0] == 0
    assert desk.server.asked == [None, "bytes=1000000-"]


def here(folder: Path, *words: str) -> tuple[int, str, str]:
    """The command in this process, for what needs no server."""
    options = [f"--state-dir={folder / 'state'}"]
    if words[0] in ("list", "remove") and (folder / "config.yaml").exists():
        options.append(f"--config={folder / 'config.yaml'}")
    done = CliRunner().invoke(main, ["models", *words, *options])
    return done.exit_code, done.stdout, done.stderr


def offered(folder: Path, *entries: dict[str, object]) -> str:
    (folder / "config.yaml").write_text("language: en")
    return f"--manifest={write_manifest(folder / 'manifest.yaml', *entries)}"


def test_names_that_are_not_there_are_told_with_near_ones(tmp_path: Path) -> None:
    manifest = offered(tmp_path, Hostile("http://127.0.0.1").entry("en_GB-alba-medium", **VOICE))
    code, _, error = here(tmp_path, "install", "en_GB-alba-medum", "zebra", manifest)
    assert code == 1
    assert error == (
        "There is no model 'en_GB-alba-medum'. Did you mean 'en_GB-alba-medium'?\n"
        "There is no model 'zebra'.\n"
        "pichat models list --all shows what there is.\n"
    )
    assert here(tmp_path, "remove", "zebra") == (1, "", "zebra is not installed.\n")
    assert here(tmp_path, "verify", "zebra") == (1, "", "zebra is not installed.\n")
    assert here(tmp_path, "verify") == (0, "No model is installed.\n", "")


def test_a_broken_manifest_is_told_as_a_whole(tmp_path: Path) -> None:
    manifest = offered(tmp_path, {"name": "x"}, {"name": "y", "kind": "gguf"})
    code, _, error = here(tmp_path, "list", manifest)
    assert code == 2
    assert "manifest.yaml: x: kind is missing." in error
    assert "manifest.yaml: y: files is missing." in error


def test_a_broken_configuration_does_not_matter_here(tmp_path: Path) -> None:
    manifest = offered(tmp_path, Hostile("http://127.0.0.1").entry("x", **VOICE))
    (tmp_path / "config.yaml").write_text("languge: en")
    code, out, error = here(tmp_path, "list", "--all", manifest)
    assert code == 0
    assert "  x " in out
    assert "unknown key 'languge'" in error
    assert "is not known here" in error


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    manifest = offered(tmp_path, Hostile("http://127.0.0.1").entry("x", **VOICE))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "models").write_text("a file")
    code, _, error = here(tmp_path, "install", "x", manifest)
    assert code == 1
    assert error == f"{tmp_path / 'state' / 'models'} cannot be used: Not a directory.\n"


def test_our_own_models_are_listed_without_a_manifest_or_a_daemon(tmp_path: Path) -> None:
    offered(tmp_path)
    code, out, _ = here(tmp_path, "list", "--all", "--json")
    assert code == 0
    assert "en_GB-alba-medium" in [row["name"] for row in json.loads(out)]
    lines = here(tmp_path, "list", "--all")[1].splitlines()
    assert {line.split()[0] for line in lines if line and line[0] != " "} >= {
        "Voices",
        "Recognisers",
    }


async def part_grown(desk: Desk, size: int) -> None:
    """Until so many bytes of a file are on the disk."""
    folder = desk.state_dir / "models" / ".incoming"
    async with asyncio.timeout(DEADLINE_S):
        await desk.server.arrived.wait()
        # Another process writes it: there is no event to wait for.
        while not any(part.stat().st_size >= size for part in folder.glob("*/*.part")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
