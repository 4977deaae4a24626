"""The models that are here: found by name, one writer at a time, nothing half."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pichat.errors import BusyError, NotFoundError
from pichat.models.manifest import RECORD
from pichat.models.shelf import Shelf, installed, resolve
from tests.models.conftest import Bench

VOICE = {"v__onnx": b"voice", "v__onnx__json": b"{}"}


async def test_a_configuration_may_name_an_installed_model(bench: Bench, tmp_path: Path) -> None:
    voice = await bench.install(bench.server.entry("en_GB-x-medium", **VOICE))
    named = tmp_path / "etc" / "en_GB-x-medium"  # as a configuration's own folder precedes a name
    assert resolve(named, "piper-voice", tmp_path) == voice.path
    assert voice.path.is_absolute()


async def test_a_language_model_is_its_file(bench: Bench, tmp_path: Path) -> None:
    model = await bench.install(bench.server.entry("small-1.5b", m__gguf=b"GGUF"))
    assert resolve(Path("small-1.5b"), "gguf", tmp_path) == model.path
    assert model.path.name == "m.gguf"


async def test_a_path_that_is_there_means_itself(bench: Bench, tmp_path: Path) -> None:
    await bench.install(bench.server.entry("x", **VOICE))
    file = tmp_path / "x"
    file.touch()
    assert resolve(file, "piper-voice", tmp_path) == file


async def test_a_name_of_another_kind_or_of_nothing_stays_as_it_is(
    bench: Bench, tmp_path: Path
) -> None:
    await bench.install(bench.server.entry("x", **VOICE))
    for named, kind in (("x", "whisper"), ("y", "piper-voice")):
        assert resolve(Path(named), kind, tmp_path) == Path(named)  # type: ignore[arg-type]


async def test_what_cannot_be_read_is_left_out_and_logged(bench: Bench, tmp_path: Path) -> None:
    good = await bench.install(bench.server.entry("good", **VOICE))
    broken = tmp_path / "models" / "broken"
    broken.mkdir()
    (broken / RECORD).write_text("{")
    (tmp_path / "models" / "empty").mkdir()
    with capture_logs() as logs:
        assert installed(tmp_path) == [good]
    assert [log["event"] for log in logs] == ["model ignored"]


def test_nothing_is_installed_where_nothing_is(tmp_path: Path) -> None:
    assert installed(tmp_path / "nowhere") == []


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Shelf(tmp_path).lock(), pytest.raises(BusyError, match="just now"), Shelf(tmp_path).lock():
        pass
    with Shelf(tmp_path).lock():
        pass


async def test_removing_frees_everything_and_tells_how_much(bench: Bench, tmp_path: Path) -> None:
    voice = await bench.install(bench.server.entry("x", **VOICE))
    size = sum(file.stat().st_size for file in voice.folder.iterdir())
    assert bench.shelf.remove("x") == size
    assert installed(tmp_path) == []
    assert sorted(p.name for p in (tmp_path / "models").rglob("*")) == [".incoming", ".lock"]


@pytest.mark.parametrize("name", ["x", "..", ".", ".incoming", "", "/", "../models", "a/b"])
async def test_what_is_not_installed_is_not_removed(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    await bench.install(bench.server.entry("here", **VOICE))
    with pytest.raises(NotFoundError, match="is not installed"):
        bench.shelf.remove(name)
    assert [each.name for each in installed(tmp_path)] == ["here"]


async def test_damages_are_named(bench: Bench) -> None:
    voice = await bench.install(bench.server.entry("x", **VOICE))
    assert voice.damages() == []
    voice.path.write_bytes(b"voicf")
    assert voice.damages() == ["v.onnx is damaged: its checksum is wrong."]
    voice.path.write_bytes(b"voi")
    assert voice.damages() == ["v.onnx has 3 bytes instead of 5."]
    voice.path.unlink()
    assert voice.damages() == ["v.onnx is missing."]
