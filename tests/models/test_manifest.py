"""The manifest: PiChat's own is complete, an owner's mistakes are all named at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pichat.errors import ConfigError
from pichat.models.machine import Machine, this_machine
from pichat.models.manifest import Model, catalogue, load, own, shipped
from pichat.models.urls import refusal

GB = 1024**3
SHA = "0" * 64


def entry(**changes: object) -> dict[str, object]:
    files = [{"url": "https://example.org/m.gguf", "sha256": SHA, "size": 10}]
    return {
        "name": "m",
        "kind": "gguf",
        "purpose": "For a test.",
        "languages": ["en"],
        "ram_mb": 10,
        "licence": "CC0-1.0",
        "files": files,
        **changes,
    }


def problems(tmp_path: Path, *entries: object) -> list[str]:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"models": list(entries)}))
    with pytest.raises(ConfigError) as caught:
        load([path])
    return [line.removeprefix(f"{path}: ") for line in caught.value.sentence.splitlines()]


def test_the_shipped_manifest_has_what_a_house_may_want() -> None:
    known = load([shipped()])
    voices = [m for m in known.values() if m.kind == "piper-voice"]
    heard = {(m.languages[0], m.gender) for m in voices}
    assert {
        (lang, who) for lang in ("en", "de", "pl", "fr", "es") for who in ("female", "male")
    } == heard
    assert {m.name for m in known.values() if m.kind == "whisper"} >= {
        "whisper-tiny",
        "whisper-base.en",
    }
    assert all(m.size < 2 * 10**9 for m in known.values())
    assert all(f.url.startswith("https://") for m in known.values() for f in m.files)


def test_every_address_of_the_shipped_manifest_is_pinned() -> None:
    """What `main` means changes, and then no checksum fits any more."""
    urls = [file.url for model in load([shipped()]).values() for file in model.files]
    assert [url for url in urls if "/resolve/main/" in url] == []


@pytest.mark.parametrize("board", ["pi4", "pi5"])
@pytest.mark.parametrize("memory_gb", [2, 4, 8])
def test_what_is_recommended_fits(board: str, memory_gb: int) -> None:
    machine = Machine(int(memory_gb * GB * 0.93), board)  # type: ignore[arg-type]
    recommended = [m for m in load([shipped()]).values() if machine.recommends(m)]
    assert {m.kind for m in recommended} == {"piper-voice", "whisper", "gguf"}
    assert [m.name for m in recommended if m.ram_mb > machine.spare_mb] == []


def test_each_mistake_of_each_entry_is_named_with_the_entry(tmp_path: Path) -> None:
    broken = entry(name="one", kind="ggut", ram_mb=0, colour="red")
    file = {"url": "https://example.org/m.gguf", "sha256": "abc", "size": "big"}
    assert problems(tmp_path, broken, entry(name="two", files=[file]), entry(name="../etc"), 7) == [
        "one: unknown key 'colour'.",
        "one: kind should be one of: piper-voice, whisper, gguf, not 'ggut'. Did you mean 'gguf'?",
        "one: ram_mb should be a whole number over 0, not 0.",
        "two: files[1].sha256 should be 64 digits from 0 to f, not 'abc'.",
        "two: files[1].size should be a whole number over 0, not 'big'.",
        "../etc: name should be letters, digits, dots, dashes and underscores, not '../etc'.",
        "model 4: it should be settings, not 7.",
    ]


def test_what_the_types_cannot_say_is_checked_too(tmp_path: Path) -> None:
    def files(*urls: str) -> list[dict[str, object]]:
        return [{"url": url, "sha256": SHA, "size": 1} for url in urls]

    voice = entry(name="v", kind="piper-voice", files=files("https://example.org/v.onnx"))
    whisper = entry(name="w", kind="whisper", files=files("https://example.org/model.bin"))
    record = entry(name="r", files=files("https://example.org/x/pichat.json"))
    plain = entry(name="p", files=files("file:///tmp/p.gguf"))
    open_ = entry(name="o", files=files("http://example.org/o.gguf"))
    twice = entry(name="t", files=files("https://a.example/t.gguf", "https://b.example/t.gguf"))
    assert problems(tmp_path, voice, whisper, record, plain, open_, twice, entry(), entry()) == [
        "v: a Piper voice is two files, NAME.onnx and NAME.onnx.json.",
        "w: a Whisper model has a file config.json.",
        "w: a Whisper model has a file tokenizer.json.",
        "w: a Whisper model has a file vocabulary.json or vocabulary.txt.",
        "r: 'pichat.json' is no name for a file here: give it one.",
        "r: a language model is one file, NAME.gguf.",
        "p: file:///tmp/p.gguf is no https address.",
        "o: http://example.org/o.gguf is not encrypted (http, not https).",
        "t: t.gguf is there twice.",
        "t: a language model is one file, NAME.gguf.",
        "m: is there twice.",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("models: {}", "should hold `models:` and a list of them, and nothing else."),
        ("[1, 2]", "should hold `models:` and a list of them, and nothing else."),
        ("models:\n\t- x", "Indent with spaces"),
        ("models:\n- name: [", "is not YAML"),
    ],
)
def test_a_file_that_is_no_manifest_is_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load([path])
    assert problem in caught.value.sentence


def test_an_owners_entry_takes_the_place_of_ours(tmp_path: Path) -> None:
    folder = own(tmp_path)[1]
    folder.mkdir()
    mine = entry(name="qwen3-0.6b", purpose="Mine.")
    (folder / "mine.yaml").write_text(yaml.safe_dump({"models": [mine, entry(name="other")]}))
    known = catalogue(tmp_path)
    assert known["qwen3-0.6b"].purpose == "Mine."
    assert {"other", "en_GB-alba-medium"} <= known.keys()


def test_http_is_for_this_machine_only() -> None:
    for address in (
        "http://localhost:1/x",
        "http://127.0.0.2/x",
        "http://[::1]:8/x",
        "https://a/x",
    ):
        assert refusal(address) is None
    for address in (
        "http://10.0.0.1/x",
        "http://localhost.example.org/x",
        "ftp://a/x",
        "x",
        "http://",
    ):
        assert refusal(address)


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", "pi5"),
        ("Raspberry Pi 4 Model B Rev 1.4", "pi4"),
        ("Raspberry Pi 400 Rev 1.0", "pi4"),
        ("Raspberry Pi Compute Module 5 Rev 1.0", "pi5"),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi4"),
        ("Some other board", None),
    ],
)
def test_a_machine_knows_itself(tmp_path: Path, name: str, board: str | None) -> None:
    (tmp_path / "device-tree").mkdir()
    (tmp_path / "device-tree" / "model").write_text(f"{name}\0")
    (tmp_path / "meminfo").write_text("MemTotal:        3884268 kB\nMemFree: 1 kB\n")
    machine = this_machine(tmp_path)
    assert (machine.board, machine.memory_gb) == (board, 4)


@pytest.mark.parametrize(
    ("total_kb", "memory_gb"),
    [(416_000, 0), (931_000, 1), (1_870_000, 2), (8_050_000, 8), (65_000_000, 16)],
)
def test_memory_is_what_the_box_says(total_kb: int, memory_gb: int) -> None:
    assert Machine(total_kb * 1024).memory_gb == memory_gb


def test_a_machine_that_tells_nothing_is_recommended_nothing(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert machine == Machine(0)
    assert not any(machine.recommends(model) for model in load([shipped()]).values())


def test_an_entry_is_called_as_its_address_ends() -> None:
    path = shipped() / "whisper.yaml"
    tiny: Model = load([path])["whisper-tiny"]
    assert [file.called for file in tiny.files] == [
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    ]
    assert tiny.main == "."
