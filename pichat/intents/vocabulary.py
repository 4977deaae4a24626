"""What the recogniser needs to know this house, built apart from the daemon and kept."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from pichat.errors import UnavailableError
from pichat.events import Device
from pichat.stt.base import Vocabulary

log = structlog.get_logger(__name__)

LANGUAGE = "en"
SENTENCES = 25_000
KEPT = 3
ROOT = Path(__file__).parents[2]
FORMAT = 5
"""Raise when sentences.py or language_model.py change what they write."""

BUILD_TIMEOUT_S = 300.0
_EXTENDED = "extended-"
PACKAGES = ("hassil", "home-assistant-intents", "pocketsphinx")


async def prepare(language: str, devices: Sequence[Device], cache_dir: Path) -> Vocabulary:
    """The vocabulary for these devices, from `cache_dir` when it was built before.

    Building takes seconds in a process of its own, so that neither the daemon's memory nor its
    loop feel it; cancelling kills that process. Raises UnavailableError for a language without
    a model, and when building fails.
    """
    if language != LANGUAGE:
        raise UnavailableError(
            f"Speech in the language “{language}” needs a recogniser model: "
            "pocketsphinx brings one for English only. Typed sentences work."
        )
    folder = cache_dir / f"vocabulary-{fingerprint(language, devices)}"
    if not await asyncio.to_thread(folder.exists):
        building = _fresh_folder(cache_dir)
        try:
            await _run(language, devices, building)
            await asyncio.to_thread(_put, building, folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        await asyncio.to_thread(_forget_old, cache_dir, folder)
    await asyncio.to_thread(os.utime, folder)  # the newest is the one in use
    return Vocabulary(language_model=folder / "home.lm", dictionary=folder / "home.dict")


async def extend(sentences: Sequence[str], cache_dir: Path) -> Vocabulary | None:
    """The newest vocabulary that was built, with some sentences more, until the whole is built
    anew. None when there is none; raises UnavailableError."""
    before = await asyncio.to_thread(_newest, cache_dir)
    if before is None:
        return None
    folder = await asyncio.to_thread(_fresh_extension, cache_dir)
    arguments = ("pichat.stt.language_model", str(before), str(folder))
    await _python(arguments, "\n".join(sentences).encode())
    return Vocabulary(language_model=folder / "home.lm", dictionary=folder / "home.dict")


def _newest(cache_dir: Path) -> Path | None:
    found = sorted(cache_dir.glob("vocabulary-*"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _fresh_extension(cache_dir: Path) -> Path:
    """The last one stays: somebody may be listening with it."""
    old = sorted(cache_dir.glob(f"{_EXTENDED}*"), key=lambda path: path.stat().st_mtime)
    for path in old[:-1]:
        shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_EXTENDED, dir=cache_dir))


def fingerprint(language: str, devices: Sequence[Device]) -> str:
    """Equal for houses in which the same can be said, by the same versions."""
    house = sorted(
        (d.name, d.area or "", d.kind, sorted(c.name for c in d.capabilities)) for d in devices
    )
    versions = [importlib.metadata.version(package) for package in PACKAGES]
    extra = (Path(__file__).parent / "extra" / f"{language}.yaml").read_bytes()
    said = msgspec.json.encode([FORMAT, SENTENCES, language, house, versions])
    return hashlib.sha256(said + extra).hexdigest()[:20]


def _fresh_folder(cache_dir: Path) -> Path:
    cache_dir.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=".vocabulary-", dir=cache_dir))


def _put(building: Path, folder: Path) -> None:
    try:
        building.rename(folder)
    except OSError:
        if not folder.exists():  # else another build of the same house was quicker
            raise


async def _run(language: str, devices: Sequence[Device], building: Path) -> None:
    arguments = ("pichat.intents.vocabulary", language, str(building))
    await _python(arguments, msgspec.json.encode(list(devices)))


async def _python(arguments: Sequence[str], given: bytes) -> None:
    """Runs a module in a process of its own. Raises UnavailableError when it fails."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        process_group=0,  # Ctrl-C in a terminal is for the daemon, which then ends this
    )
    try:
        async with asyncio.timeout(BUILD_TIMEOUT_S):
            _, errors = await process.communicate(given)
    except TimeoutError as error:
        raise UnavailableError("Learning the names of this house took too long.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        log.error("vocabulary failed", errors=errors.decode(errors="replace")[-2000:])
        raise UnavailableError("The recogniser could not learn the names of this house.")


def _forget_old(cache_dir: Path, newest: Path) -> None:
    old = [path for path in cache_dir.glob("vocabulary-*") if path != newest]
    old.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in old[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def build(language: str, devices: Sequence[Device], folder: Path) -> None:
    """The work itself: sample, count, write. CPU-bound."""
    from pichat.intents.language import load
    from pichat.intents.sentences import Sampler
    from pichat.stt.language_model import write

    write(list(Sampler(load(language), devices).sample(SENTENCES)), folder)


if __name__ == "__main__":
    os.nice(5)  # the house comes first
    build(
        sys.argv[1],
        msgspec.json.decode(sys.stdin.buffer.read(), type=list[Device]),
        Path(sys.argv[2]),
    )
