"""Whom `pichat bench llm` asks: a model that is tried out, or a profile of this house."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click
from msgspec import structs

from pichat.config import find_config, load_config
from pichat.config.describe import suggestion
from pichat.config.types import Config, Llm, LocalModel, Profile, Step
from pichat.errors import NotFoundError, UnavailableError
from pichat.llm.chain import INTENTS
from pichat.llm.providers import LOCAL
from pichat.models.shelf import resolve
from pichat.store.beside import read_database
from pichat.store.profiles import KeptProfiles, ProfileTable
from pichat.turn.configured import Configured

_PATIENCE_S = 3600.0  # of a model that is tried out by itself


class Asked(NamedTuple):
    """Those who are asked, and no others, as a profile has them asked. `language`: the house's."""

    llm: Llm
    profile: Profile
    profile_name: str
    language: str


def of_model(model: Path, state_dir: Path) -> Asked:
    """A model of this machine by itself, that may take its time."""
    step = Step(use=LOCAL, first_token_s=_PATIENCE_S, total_s=_PATIENCE_S)
    profile = Profile(chain=(step,))
    llm = _used(Llm(local=LocalModel(model=model)), profile, state_dir)
    return Asked(llm, profile, "default", Config().language)


async def of_profile(name: str | None, config_path: Path | None, state_dir: Path) -> Asked:
    """A profile as the daemon has it, with what the owner changed; without a name, the one that is
    active. Raises NotFoundError when it is not there, or has nobody to ask, and ConfigError."""
    config = load_config(find_config(config_path))
    now = Configured(config).snapshot(await _kept(state_dir))
    name = now.active if name is None else name
    profile = now.profiles.get(name)
    if profile is None:
        raise NotFoundError(f"There is no profile {name!r}.{suggestion(name, now.profiles)}")
    if config.llm.local is None and not config.llm.providers:
        raise NotFoundError(
            "config.yaml names no language model. To try one out: pichat bench llm --model FILE"
        )
    llm = _used(config.llm, profile, state_dir)
    if llm.local is None and not llm.providers:
        raise NotFoundError(
            f"The chain of the profile {name!r} names no language model that config.yaml has."
        )
    return Asked(llm, profile, name, config.language)


async def _kept(state_dir: Path) -> KeptProfiles:
    """What the owner changed. Where that cannot be known, the person is told and nothing has."""
    try:
        async with read_database(state_dir / "pichat.db") as database:
            return await ProfileTable(database).load()
    except NotFoundError:
        return KeptProfiles()
    except UnavailableError as error:
        click.echo(f"{error.sentence} Profiles are as in config.yaml.", err=True)
        return KeptProfiles()


def _used(llm: Llm, profile: Profile, state_dir: Path) -> Llm:
    """The models that the profile's chain names, or all where it has none. The one of this machine
    by its path, as it will keep its state in a folder where no models are."""
    steps = {step.use.partition(":")[0] for step in profile.steps}
    used = steps - {INTENTS} if steps else {LOCAL, *llm.providers}
    local = llm.local if LOCAL in used else None
    if local is not None:
        path = resolve(local.model, "gguf", state_dir)
        local = structs.replace(local, model=path, load="needed")
    cloud = {name: each for name, each in llm.providers.items() if name in used}
    return Llm(local=local, providers=cloud)
