"""Work on the Zigbee network's files and stick while no daemon runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from pichat.bus import Bus
from pichat.config import find_config, load_config
from pichat.config.types import Zigbee
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.state import lock_state, running_url
from pichat.store.db import Database, open_database

config_option: Callable[..., Any] = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Needed when PiChat does not run. Else $PICHAT_CONFIG, ./config.yaml, /etc/pichat/….",
)


def is_running(state_dir: Path) -> bool:
    try:
        running_url(state_dir)
    except UnavailableError:
        return False
    return True


def stick_of(config_path: Path | None) -> Zigbee:
    """Raises ConfigError, and UnavailableError when there is no stick to work on."""
    config = load_config(find_config(config_path)).zigbee
    if config.path == "simulated":
        raise UnavailableError(
            "The Zigbee stick is simulated, and only there while PiChat runs. Start it with:"
            " pichat run"
        )
    if config.path == "none":
        raise UnavailableError("Zigbee is switched off (zigbee.path is none).")
    return config


@asynccontextmanager
async def parts_alone(state_dir: Path, config: Zigbee) -> AsyncIterator[tuple[Any, Database]]:
    """The hub's parts, none of them at work, and the store. No daemon can start meanwhile."""
    from pichat.zigbee.house import build_house  # it loads every kind of device

    with lock_state(state_dir):
        bus = Bus()
        async with open_database(state_dir / "pichat.db") as store:
            yield build_house(config, state_dir, store, bus, Health(bus), {}), store
