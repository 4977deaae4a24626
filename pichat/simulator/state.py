"""The state file: the stick's flash and what the devices remember, as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pichat.simulator.errors import SimulatorError
from pichat.simulator.ncp.memory import FIRST_STICK, StickMemory
from pichat.simulator.node.kept import Kept


class State(msgspec.Struct, kw_only=True):
    """`devices` by long address (wire order, hexadecimal). `sticks` are those that lie about, by
    name; `stick` is the one in use."""

    version: int = 1
    stick: StickMemory = msgspec.field(default_factory=StickMemory)
    stick_name: str = FIRST_STICK
    sticks: dict[str, StickMemory] = {}
    devices: dict[str, Kept] = {}


def load_state(path: Path | None) -> State:
    """A missing file is a factory-fresh stick. Raises SimulatorError."""
    if path is None:
        return State()
    if not path.parent.is_dir():
        raise SimulatorError(f"There is no directory {path.parent} for the state.")
    if not path.exists():
        return State()
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except OSError as error:
        raise SimulatorError(f"The state {path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SimulatorError(f"The state {path} is damaged: {error}.") from error


def save_state(path: Path, state: State) -> None:
    """Whole or not at all: written beside and renamed. Raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=1))
    beside.replace(path)
