"""The manifest: which models there are, where their files lie, and what they need.

PiChat's own is the folder `models/` of the sources; an owner adds files to `models.d` in the state
directory or in /etc/pichat. An owner's entry takes the place of PiChat's of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from msgspec import Meta, Struct, field

from pichat.config.describe import not_yaml
from pichat.errors import ConfigError
from pichat.models.check import read
from pichat.models.urls import refusal

RECORD = "pichat.json"  # beside an installed model's files: its entry, as it was when it came
Kind = Literal["piper-voice", "whisper", "gguf"]
Board = Literal["pi4", "pi5"]
Name = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z",
        description="letters, digits, dots, dashes and underscores",
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="64 digits from 0 to f")]
Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(gt=0)]


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file. Without a `name` it is called as its address ends."""

    url: Text
    sha256: Sha256
    size: Count
    name: Name | None = None

    @property
    def called(self) -> str:
        return self.name or self.url.split("?")[0].rsplit("/", 1)[-1]


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. `languages` are codes, `mul` for many. `suits` names the boards, and their memory
    in GB, for which it is recommended. `gender`, `accent` and `quality` are of voices."""

    name: Name
    kind: Kind
    purpose: Text
    languages: Annotated[tuple[Text, ...], Meta(min_length=1)]
    ram_mb: Count
    licence: Text
    files: Annotated[tuple[File, ...], Meta(min_length=1)]
    suits: dict[Board, tuple[Literal[1, 2, 4, 8, 16], ...]] = field(default_factory=dict)
    gender: Literal["female", "male"] | None = None
    accent: Text | None = None
    quality: Text | None = None

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def main(self) -> str:
        """What a configuration names, relative to the model's folder."""
        ending = {"piper-voice": ".onnx", "gguf": ".gguf", "whisper": ""}[self.kind]
        names = [file.called for file in self.files if file.called.endswith(ending)]
        return names[0] if ending and names else "."


def shipped() -> Path:
    """The folder of PiChat's own manifest: inside the package once installed, in the top of the
    sources otherwise."""
    inside = Path(str(resources.files("pichat"))) / "models" / "manifest.d"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "models"


def own(state_dir: Path) -> list[Path]:
    """The folders that an owner may put entries into."""
    return [Path("/etc/pichat/models.d"), state_dir / "models.d"]


def load(folders: Iterable[Path]) -> dict[str, Model]:
    """The models of every `*.yaml` in `folders` (or of files), by name; later folders win.

    Raises ConfigError; its sentence holds one line for each problem of all the files.
    """
    models: dict[str, Model] = {}
    problems: list[str] = []
    for folder in folders:
        found: dict[str, Model] = {}
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]:
            read_models = _read(path, problems)
            problems += [
                f"{path}: {model.name}: is there twice."
                for model in read_models
                if found.setdefault(model.name, model) is not model
            ]
        models |= found
    if problems:
        raise ConfigError("\n".join(problems))
    return models


def catalogue(state_dir: Path, only: Path | None = None) -> dict[str, Model]:
    """PiChat's models and the owner's, or those of the file `only`. Raises ConfigError."""
    if only is not None:
        return load([only])
    return load([shipped(), *(folder for folder in own(state_dir) if folder.is_dir())])


def _read(path: Path, problems: list[str]) -> list[Model]:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}.")
        return []
    except UnicodeDecodeError:
        problems.append(f"{path}: is not UTF-8 text.")
        return []
    except yaml.YAMLError as error:
        problems.append(not_yaml(path, error))
        return []
    entries = tree.get("models") if isinstance(tree, dict) and set(tree) == {"models"} else None
    if not isinstance(entries, list):
        problems.append(f"{path}: should hold `models:` and a list of them, and nothing else.")
        return []
    return [
        model
        for number, entry in enumerate(entries, 1)
        if (model := _entry(path, number, entry, problems)) is not None
    ]


def _entry(path: Path, number: int, entry: object, problems: list[str]) -> Model | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    title = f"{path}: {name if isinstance(name, str) else f'model {number}'}"
    found: list[str] = []
    model: Model | None = read(entry, Model, "", found)
    if model is not None:
        found += _inconsistent(model)
    problems += [f"{title}: {each}" for each in found]
    return None if found else model


def _inconsistent(model: Model) -> list[str]:
    """What the types cannot say."""
    found = [f"{why}." for file in model.files if (why := refusal(file.url))]
    names = [file.called for file in model.files]
    found += [
        f"{name} is there twice." for name in sorted({n for n in names if names.count(n) > 1})
    ]
    found += [
        f"{name!r} is no name for a file here: give it one." for name in names if _is_odd(name)
    ]
    if model.kind == "piper-voice":
        voices = [name for name in names if name.endswith(".onnx")]
        if len(voices) != 1 or set(names) != {voices[0], f"{voices[0]}.json"}:
            found.append("a Piper voice is two files, NAME.onnx and NAME.onnx.json.")
    if model.kind == "gguf" and [Path(name).suffix for name in names] != [".gguf"]:
        found.append("a language model is one file, NAME.gguf.")
    if model.kind == "whisper":
        lacks = {"model.bin", "config.json", "tokenizer.json"} - set(names)
        if not {"vocabulary.json", "vocabulary.txt"} & set(names):
            lacks.add("vocabulary.json or vocabulary.txt")
        found += [f"a Whisper model has a file {name}." for name in sorted(lacks)]
    return found


def _is_odd(name: str) -> bool:
    """Whether a file would be hidden, or be taken for one that PiChat puts beside it."""
    return not name or name.startswith(".") or name == RECORD or name.endswith((".part", ".etag"))
