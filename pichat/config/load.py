"""Find, read and check config.yaml: every error at once, each with its line and a suggestion."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import yaml
from dotenv import dotenv_values
from msgspec import structs

from pichat.config.describe import describe_type, not_yaml, suggestion
from pichat.config.types import Config
from pichat.errors import ConfigError

PLAIN = (str, bool, int, float, list, dict, type(None))
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")


def find_config(given: Path | None) -> Path:
    """`given` (--config), else $PICHAT_CONFIG, else ./config.yaml, else /etc/pichat/config.yaml."""
    from_environment = os.environ.get("PICHAT_CONFIG")
    if given is not None or from_environment:
        return given or Path(str(from_environment))
    here = Path("config.yaml")
    return here if here.exists() else Path("/etc/pichat/config.yaml")


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """The tree of `path`, with `${VAR}` taken from the environment, then from `.env` beside it.

    Raises ConfigError; its sentence holds one line for each problem.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text.") from error
    except yaml.YAMLError as error:
        raise ConfigError(not_yaml(path, error)) from error
    dotenv = {k: v for k, v in dotenv_values(path.with_name(".env")).items() if v is not None}
    reader = _Reader(path, {**dotenv, **(os.environ if environment is None else environment)})
    config: Config = reader.struct(root, Config, "") if root else Config()
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return config


class _Reader:
    """Walks YAML nodes beside the types, and collects what does not fit."""

    def __init__(self, path: Path, variables: Mapping[str, str]) -> None:
        self._path = path
        self._variables = variables
        self.problems: list[str] = []

    def _problem(self, node: yaml.Node, sentence: str) -> None:
        self.problems.append(f"{self._path}:{node.start_mark.line + 1}: {sentence}")

    def struct(self, node: yaml.Node, kind: type[msgspec.Struct], where: str) -> Any:
        """An instance of `kind`; with problems noted, the parts that fit."""
        if not isinstance(node, yaml.MappingNode):
            if node.value != "" or not isinstance(node, yaml.ScalarNode):
                self._problem(
                    node, f"{where or 'the file'} should hold settings, one `name: value` a line."
                )
            return kind()
        hints = get_type_hints(kind, include_extras=True)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "[…]"
            dotted = f"{where}.{key}" if where else key
            if key not in hints:
                self._problem(key_node, f"unknown key {dotted!r}.{suggestion(key, hints)}")
            elif key in values:
                self._problem(key_node, f"{dotted} is set twice.")
            else:
                values[key] = self._value(value_node, hints[key], dotted)
        fitting = {key: value for key, value in values.items() if value is not msgspec.UNSET}
        return structs.replace(kind(), **fitting)

    def _value(self, node: yaml.Node, kind: Any, where: str) -> Any:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(node, kind, where)
        raw = self._plain(node, where)
        if raw is msgspec.UNSET:
            return raw
        try:
            return msgspec.convert(raw, kind, dec_hook=self._path_value)
        except msgspec.ValidationError:
            hint = suggestion(str(raw), getattr(kind, "__args__", ()))
            shown = repr(raw) if isinstance(raw, PLAIN) else repr(str(raw))
            self._problem(node, f"{where} should be {describe_type(kind)}, not {shown}.{hint}")
            return msgspec.UNSET

    def _path_value(self, kind: type, value: object) -> object:
        """Paths are relative to the configuration's own folder."""
        if kind is Path and isinstance(value, str):
            return self._path.parent / Path(value).expanduser()
        raise NotImplementedError(kind)

    def _plain(self, node: yaml.Node, where: str) -> Any:
        """The node as plain Python, `${VAR}` replaced; UNSET when a variable is missing."""
        if not isinstance(node, yaml.ScalarNode) or "${" not in node.value:
            loader = yaml.SafeLoader("")
            return loader.construct_object(node, deep=True)
        missing = [
            match["name"]
            for match in _VARIABLE.finditer(node.value)
            if match["name"] not in self._variables and match["default"] is None
        ]
        for name in missing:
            close = difflib.get_close_matches(name, self._variables, 1)
            hint = f" Did you mean ${{{close[0]}}}?" if close else ""
            self._problem(node, f"{where}: the variable {name} is not set.{hint}")
        if missing:
            return msgspec.UNSET
        text = _VARIABLE.sub(
            lambda match: self._variables.get(match["name"]) or match["default"] or "", node.value
        )
        # A quoted value stays text; a bare one may become a number, as if it were written there.
        return text if node.style else yaml.safe_load(text)
