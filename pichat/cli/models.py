"""`pichat models`: voices, recognisers and language models that the owner adds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.models_table import Row, in_bytes, lines, plain
from pichat.config import find_config, load_config
from pichat.config.describe import suggestion
from pichat.config.types import Config
from pichat.errors import ConfigError, NotFoundError
from pichat.models.machine import Machine, this_machine
from pichat.models.manifest import Model, catalogue
from pichat.models.shelf import Installed, Shelf, installed, resolve
from pichat.tts.piper import missing

if TYPE_CHECKING:
    from pichat.models.fetch import Patience

manifest_option = click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Only the models of this file. Else PiChat's, and those of models.d.",
)
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Else $PICHAT_CONFIG, else ./config.yaml, else /etc/pichat/config.yaml.",
)


@click.group()
def models() -> None:
    """Better voices and recognition, and language models: what there is for this machine, and what
    is installed. Works while PiChat runs and while it does not."""


@models.command("list")
@click.option(
    "--all", "everything", is_flag=True, help="Also what suits neither house nor machine."
)
@json_option
@manifest_option
@config_option
@state_dir_option
def list_models(
    *,
    everything: bool,
    as_json: bool,
    manifest: Path | None,
    config_path: Path | None,
    state_dir: Path,
) -> None:
    """What is installed, and what is recommended for this machine and the house's language."""
    finish(_list(everything, as_json, manifest, config_path, state_dir))


async def _list(
    everything: bool,
    as_json: bool,
    manifest: Path | None,
    config_path: Path | None,
    state_dir: Path,
) -> int:
    machine, config = this_machine(), _config(config_path)
    known = catalogue(state_dir, manifest)
    here = {each.name: each for each in installed(state_dir)}
    known = {name: each.model for name, each in here.items() if name not in known} | known
    rows = [
        Row(model, here.get(name), _used_by(here.get(name), config, state_dir), recommended)
        for name, model in known.items()
        for recommended in (machine.recommends(model),)
    ]
    if as_json:
        click.echo(json.dumps([plain(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    language = config.language.replace("_", "-").split("-")[0]
    shown = [row for row in rows if everything or row.here or _suits(row, language)]
    click.echo(f"This is {machine}. Models are kept in {state_dir / 'models'}.")
    for line in lines(shown, machine):
        click.echo(line)
    if len(shown) < len(rows):
        click.echo(f"\n{len(rows) - len(shown)} more with --all.")
    return 0


def _suits(row: Row, language: str) -> bool:
    return row.recommended and bool({language, "mul"} & set(row.model.languages))


def _config(path: Path | None) -> Config:
    """The configuration, or PiChat's own when there is none or it cannot be used: that is not
    what this command is for, so it says so and goes on."""
    found = find_config(path)
    if path is None and not found.exists():
        return Config()
    try:
        return load_config(found)
    except ConfigError as error:
        click.echo(f"{error.sentence}\n(So what it uses is not known here.)\n", err=True)
        return Config()


def _used_by(here: Installed | None, config: Config, state_dir: Path) -> list[str]:
    if here is None:
        return []
    named: dict[str, Path | None] = {
        f"profile {name}": profile.style.piper_voice
        for name, profile in config.profiles.items()
        if here.kind == "piper-voice"
    }
    if here.kind == "whisper":
        named["voice"] = config.voice.whisper_model
    if here.kind == "gguf" and config.llm.local is not None:
        named["llm.local"] = config.llm.local.model
    return [
        who
        for who, path in named.items()
        if path is not None and resolve(path, here.kind, state_dir).absolute() == here.path
    ]


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--force", "--yes", "force", is_flag=True, help="Even what the memory is too small for."
)
@click.option(
    "--stall-timeout",
    "stall_s",
    type=click.FloatRange(0.1, 3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Try again when nothing arrives for so long.",
)
@click.option("--tries", type=click.IntRange(1, 100), default=6, show_default=True)
@manifest_option
@state_dir_option
def install(
    *,
    names: tuple[str, ...],
    force: bool,
    stall_s: float,
    tries: int,
    manifest: Path | None,
    state_dir: Path,
) -> None:
    """Download models, check them, and say how they are used. A download that was broken off goes
    on where it stopped; one that is there already is checked, and repaired if it is damaged."""
    finish(_install(names, force, stall_s, tries, manifest, state_dir))


async def _install(
    names: tuple[str, ...],
    force: bool,
    stall_s: float,
    tries: int,
    manifest: Path | None,
    state_dir: Path,
) -> int:
    wanted = _find(names, catalogue(state_dir, manifest))
    if not force and not _fit(wanted, this_machine()):
        return 1
    from pichat.models.fetch import Patience  # aiohttp takes a while to load

    try:
        for model in wanted:
            await _install_one(model, Shelf(state_dir), Patience(stall_s=stall_s, tries=tries))
    except asyncio.CancelledError:
        click.echo(
            "Stopped. What has arrived is kept: the same command goes on from there.", err=True
        )
        raise
    return 0


async def _install_one(model: Model, shelf: Shelf, patience: Patience) -> None:
    from pichat.cli.models_progress import Bars
    from pichat.models.install import install as bring

    with shelf.lock():
        here = shelf.get(model.name)
        damages = await asyncio.to_thread(here.damages, model) if here else []
        if here and not damages:
            click.echo(f"{model.name} is already there, and whole: {here.path}")
            return
        for damage in damages:
            click.echo(f"{model.name} is there, but {damage} It is repaired.", err=True)
        with Bars() as bars:
            brought = await bring(model, shelf, patience, bars)
    click.echo(f"{model.name} is installed ({in_bytes(model.size)}).")
    click.echo(_how_to_use(brought))
    if brought.kind == "piper-voice" and (lacks := missing(brought.path)):
        click.echo(f"It cannot speak yet: {lacks}", err=True)


def _find(names: Iterable[str], known: dict[str, Model]) -> list[Model]:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NotFoundError(
            "\n".join(f"There is no model {name!r}.{suggestion(name, known)}" for name in unknown)
            + "\npichat models list --all shows what there is."
        )
    return [known[name] for name in dict.fromkeys(names)]


def _fit(wanted: Iterable[Model], machine: Machine) -> bool:
    """Whether the machine has the memory for each; says so when it has not."""
    too_big = [m for m in wanted if machine.memory_bytes and m.ram_mb > machine.spare_mb]
    for model in too_big:
        click.echo(
            f"{model.name} needs {in_bytes(model.ram_mb * 1_000_000)} of memory. This is {machine}"
            f" and has {in_bytes(machine.spare_mb * 1_000_000)} to spare for models."
            " With --force it is installed all the same.",
            err=True,
        )
    return not too_big


def _how_to_use(brought: Installed) -> str:
    lines = {
        "gguf": f"llm:\n  local:\n    model: {brought.name}",
        "piper-voice": f"profiles:\n  default:\n    style:\n      piper_voice: {brought.path}",
        "whisper": f"voice:\n  whisper_model: {brought.path}",
    }[brought.kind]
    return f"To use it, write this into config.yaml and restart PiChat:\n\n{lines}\n"


@models.command()
@click.argument("name")
@config_option
@state_dir_option
def remove(*, name: str, config_path: Path | None, state_dir: Path) -> None:
    """Remove a model, or what has arrived of one."""
    finish(_remove(name, config_path, state_dir))


async def _remove(name: str, config_path: Path | None, state_dir: Path) -> int:
    here = {each.name: each for each in installed(state_dir)}
    users = _used_by(here.get(name), _config(config_path), state_dir) if name in here else []
    shelf = Shelf(state_dir)
    try:
        with shelf.lock():
            freed = shelf.remove(name)
    except NotFoundError as error:
        raise NotFoundError(error.sentence + suggestion(name, here)) from None
    click.echo(f"{name} is removed: {in_bytes(freed)} freed.")
    if users:
        click.echo(f"config.yaml still names it, for {', '.join(users)}.", err=True)
    return 0


@models.command()
@click.argument("name", required=False)
@manifest_option
@state_dir_option
def verify(*, name: str | None, manifest: Path | None, state_dir: Path) -> None:
    """Read every file of what is installed, and compare it with the manifest. Exit code 1 when
    something is damaged."""
    finish(_verify(name, manifest, state_dir))


async def _verify(name: str | None, manifest: Path | None, state_dir: Path) -> int:
    here = {each.name: each for each in installed(state_dir)}
    if name is not None and name not in here:
        raise NotFoundError(f"{name} is not installed.{suggestion(name, here)}")
    known = catalogue(state_dir, manifest)
    code = 0
    for each in here.values() if name is None else [here[name]]:
        damages = await asyncio.to_thread(each.damages, known.get(each.name))
        click.echo(f"{each.name}: {' '.join(damages) or 'whole'}")
        if damages:
            code = 1
            click.echo(f"Repair it with: pichat models install {each.name}", err=True)
    if not here:
        click.echo("No model is installed.")
    return code
