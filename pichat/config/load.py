"""Find, read and check config.yaml: every error at once, each with its line and a suggestion."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from dotenv import dotenv_values
from msgspec import structs

from pichat.config.check import contradictions, too_short
from pichat.config.describe import not_yaml
from pichat.config.reader import Reader
from pichat.config.types import Config, Profile, Secret
from pichat.errors import ConfigError


def find_config(given: Path | None) -> Path:
    """`given` (--config), else $PICHAT_CONFIG, else ./config.yaml, else /etc/pichat/config.yaml."""
    from_environment = os.environ.get("PICHAT_CONFIG")
    if given is not None or from_environment:
        return given or Path(str(from_environment))
    here = Path("config.yaml")
    return here if here.exists() else Path("/etc/pichat/config.yaml")


def load_config(
    path: Path, environment: Mapping[str, str] | None = None, *, text: str | None = None
) -> Config:
    """The tree of `path`, or of `text` as if it stood there, with `${VAR}` taken from the
    environment, then from `.env` beside it.

    Raises ConfigError; its sentence holds one line for each problem.
    """
    try:
        root = yaml.compose(text_of(path) if text is None else text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(not_yaml(path, error)) from error
    variables = variables_of(path, environment)
    reader = Reader(path, variables)
    config: Config = reader.struct(root, Config, "") if root else Config()
    # Whoever names profiles of their own does not mean to take away the one that is always there.
    config = structs.replace(config, profiles={"default": Profile(), **config.profiles})
    for where, sentence in contradictions(config):
        reader.problem(reader.places[where], f"{where}: {sentence}")
    config = _with_token_of(variables, config)
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return config


def variables_of(path: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What `${VAR}` may name: the environment, then `.env` beside the file at `path`."""
    dotenv = {k: v for k, v in dotenv_values(path.with_name(".env")).items() if v is not None}
    return {**dotenv, **(os.environ if environment is None else environment)}


def _with_token_of(variables: Mapping[str, str], config: Config) -> Config:
    """The static token, where the file has none. Raises ConfigError."""
    given = variables.get("API_TOKEN", "")
    if config.server.api_token.value or not given:
        return config
    if (problem := too_short(given)) is not None:
        raise ConfigError(f"API_TOKEN in the environment or in .env: {problem}")
    return structs.replace(config, server=structs.replace(config.server, api_token=Secret(given)))


def text_of(path: Path) -> str:
    """What stands in the file. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text.") from error
