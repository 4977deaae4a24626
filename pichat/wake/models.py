"""Which model files there are for which words, by the name that people write.

An owner's folder holds openWakeWord models (`hey_pi.tflite`) and microWakeWord models, which are
described by a .json (`hey_pi.json`, whose `model` is its .tflite; without one `hey_pi.tflite`).
A word's name is its file's, and goes before the same word of the wheel.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pymicro_wakeword
import pyopen_wakeword

from pichat.errors import ConfigError

_NO_WORDS = ("embedding_model", "melspectrogram")


class MicroSettings(msgspec.Struct, frozen=True):
    """How a microWakeWord model's probabilities are taken: the mean of `sliding_window_size`."""

    probability_cutoff: float
    sliding_window_size: int


class MicroDescription(msgspec.Struct, frozen=True):
    """What this product reads of a microWakeWord .json."""

    micro: MicroSettings
    model: str | None = None


def name_of(word: str) -> str:
    """The name of a word however it is written: “OK Nabu” is okay_nabu."""
    name = re.sub(r"[\s_-]+", "_", word.strip().lower())
    return re.sub(r"^(ok|o\.k\.)_", "okay_", name)


def micro_words(folder: Path | None) -> dict[str, Path]:
    """Name → the .json of each microWakeWord model."""
    files = (Path(pymicro_wakeword.__file__).parent / "models").glob("*.json")
    return {name_of(file.stem): file for file in (*files, *_own(folder, "*.json"))}


def open_words(folder: Path | None) -> dict[str, Path]:
    """Name → the .tflite of each openWakeWord model."""
    wheel = (Path(pyopen_wakeword.__file__).parent / "models").glob("*.tflite")
    micro = {_tflite_of(file) for file in _own(folder, "*.json")}
    own = (file for file in _own(folder, "*.tflite") if file not in micro)
    files = (*(file for file in wheel if file.stem not in _NO_WORDS), *own)
    return {name_of(file.stem): file for file in files}


def open_front_end() -> tuple[Path, Path]:
    """openWakeWord's models that every word shares: melspectrogram and embedding."""
    folder = Path(pyopen_wakeword.__file__).parent / "models"
    return folder / "melspectrogram.tflite", folder / "embedding_model.tflite"


def describe_micro(file: Path) -> tuple[Path, MicroSettings]:
    """The .tflite and the settings of a microWakeWord .json. Raises ConfigError."""
    try:
        settings = msgspec.json.decode(file.read_bytes(), type=MicroDescription).micro
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(
            f"{file.name} does not describe a microWakeWord model: {str(error).rstrip('.')}."
        ) from error
    if settings.sliding_window_size < 1 or not 0 <= settings.probability_cutoff <= 1:
        raise ConfigError(
            f"{file.name} does not describe a microWakeWord model: probability_cutoff is from"
            " 0 to 1, and sliding_window_size at least 1."
        )
    return _tflite_of(file), settings


def choose(word: str, known: Mapping[str, Path], engine: str) -> Path:
    """The file of `word`. Raises ConfigError with the nearest word, and with all of them."""
    file = known.get(name_of(word))
    if file is None:
        raise ConfigError(unknown(word, known, engine))
    return file


def unknown(word: str, known: Mapping[str, Path], engine: str) -> str:
    """What to tell an owner whose word no model knows."""
    names = sorted(known)
    close = difflib.get_close_matches(name_of(word), names, n=1, cutoff=0.4)
    hint = f" Did you mean “{close[0]}”?" if close else ""
    return (
        f"{engine} has no wake word “{word}”.{hint} It knows {', '.join(names)};"
        " models of your own go into the folder voice.wake_models."
    )


def _own(folder: Path | None, pattern: str) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise ConfigError(f"voice.wake_models: there is no folder {folder}.")
    return sorted(folder.glob(pattern))


def _tflite_of(description: Path) -> Path:
    """A .json that cannot be read still claims the model of its own name."""
    try:
        named = msgspec.json.decode(description.read_bytes(), type=MicroDescription).model
    except (OSError, msgspec.DecodeError):
        named = None
    return description.parent / Path(named or f"{description.stem}.tflite").name
