"""YAML nodes walked beside the types: what fits becomes values, what does not a sentence each."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import yaml
from msgspec import UNSET
from msgspec.structs import fields

from pichat.config.describe import choices, describe_type, in_words, members, suggestion
from pichat.config.types import Secret

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")


class Reader:
    """Reads one file. `places` holds the node of every setting, by its dotted place."""

    def __init__(self, path: Path, variables: Mapping[str, str]) -> None:
        self._path = path
        self._variables = variables
        self._problems: list[tuple[int, str]] = []
        self.places: dict[str, yaml.Node] = {}

    @property
    def problems(self) -> list[str]:
        """A line each, in the order of the file."""
        ordered = sorted(self._problems, key=lambda problem: problem[0])
        return [f"{self._path}:{line}: {sentence}" for line, sentence in ordered]

    def problem(self, node: yaml.Node, sentence: str) -> None:
        self._problems.append((node.start_mark.line + 1, sentence))

    def struct(self, node: yaml.Node, kind: type[msgspec.Struct], where: str) -> Any:
        """An instance of `kind`; with problems noted, the parts that fit, or UNSET when that is
        too little."""
        hints = get_type_hints(kind, include_extras=True)
        values: dict[str, Any] = {}
        misnamed = False
        for key, key_node, value_node in self._settings(node, where):
            dotted = f"{where}.{key}" if where else key
            if key not in hints:
                misnamed = True
                self.problem(key_node, f"unknown key {dotted!r}.{suggestion(key, hints)}")
            else:
                values[key] = self._value(value_node, hints[key], dotted)
        required = [each.name for each in fields(kind) if each.required]
        lacking = [name for name in required if name not in values]
        # After an unknown key, what is lacking is likely there under that name.
        if lacking and not misnamed and (isinstance(node, yaml.MappingNode) or _is_empty(node)):
            self.problem(node, f"{where} lacks {' and '.join(map(repr, lacking))}.")
        fitting = {key: value for key, value in values.items() if value is not UNSET}
        return kind(**fitting) if fitting.keys() >= set(required) else UNSET

    def _settings(self, node: yaml.Node, where: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Each key of a mapping once, with its node and its value's."""
        if not isinstance(node, yaml.MappingNode):
            if not _is_empty(node):
                self.problem(
                    node, f"{where or 'the file'} should hold settings, one `name: value` a line."
                )
            return
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "[…]"
            if key in seen:
                self.problem(key_node, f"{where}.{key} is set twice.".removeprefix("."))
            else:
                seen.add(key)
                yield key, key_node, value_node

    def _value(self, node: yaml.Node, kind: Any, where: str) -> Any:
        self.places[where] = node
        for member in members(kind):
            origin, arguments = get_origin(member), get_args(member)
            if isinstance(member, type) and issubclass(member, msgspec.Struct):
                # Where text will do as well, settings are meant only by what looks like them.
                if member is kind or isinstance(node, yaml.MappingNode):
                    return self.struct(node, member, where)
            elif origin is tuple and isinstance(node, yaml.SequenceNode):
                return self._list(node, kind, arguments[0], where)
            elif origin is dict:
                return self._named(node, arguments[1], where)
        return self._plain(node, kind, where)

    def _list(self, node: yaml.SequenceNode, kind: Any, item: Any, where: str) -> Any:
        """A tuple, which has UNSET in the places of what does not fit."""
        if not node.value:
            return self._fit(node, (), kind, where)
        return tuple(
            self._value(each, item, f"{where}[{at}]") for at, each in enumerate(node.value)
        )

    def _named(self, node: yaml.Node, item: Any, where: str) -> Any:
        found = {
            key: self._value(value_node, item, f"{where}.{key}")
            for key, _, value_node in self._settings(node, where)
        }
        return {key: value for key, value in found.items() if value is not UNSET}

    def _plain(self, node: yaml.Node, kind: Any, where: str) -> Any:
        """One value, `${VAR}` replaced; UNSET when a variable is missing or it does not fit."""
        if isinstance(node, yaml.ScalarNode) and "${" in node.value:
            raw = self._replaced(node, where)
        else:
            try:
                raw = yaml.SafeLoader("").construct_object(node, deep=True)
            except ValueError:  # what looks like a day, but no month has it
                raw = str(node.value)
            except yaml.MarkedYAMLError as error:
                self.problem(node, f"{where} cannot be read: {error.problem}.")
                return UNSET
        return raw if raw is UNSET else self._fit(node, raw, kind, where)

    def _fit(self, node: yaml.Node, raw: Any, kind: Any, where: str) -> Any:
        try:
            return msgspec.convert(raw, kind, dec_hook=self._special)
        except msgspec.ValidationError:
            hint = suggestion(raw, choices(kind)) if isinstance(raw, str) else ""
            sentence = f"{where} should be {describe_type(kind)}, not {in_words(raw)}.{hint}"
            self.problem(node, sentence)
            return UNSET

    def _special(self, kind: type, value: object) -> object:
        """Paths are relative to the configuration's own folder; a secret may look like a number."""
        if kind is Path and isinstance(value, str):
            return self._path.parent / Path(value).expanduser()
        if kind is Secret and isinstance(value, str | int):
            return Secret(str(value))
        raise NotImplementedError(kind)

    def _replaced(self, node: yaml.ScalarNode, where: str) -> Any:
        missing = [
            match["name"]
            for match in _VARIABLE.finditer(node.value)
            if match["name"] not in self._variables and match["default"] is None
        ]
        for name in missing:
            close = difflib.get_close_matches(name, self._variables, 1)
            hint = f" Did you mean ${{{close[0]}}}?" if close else ""
            self.problem(node, f"{where}: the variable {name} is not set.{hint}")
        if missing:
            return UNSET
        text = _VARIABLE.sub(
            lambda match: self._variables.get(match["name"]) or match["default"] or "", node.value
        )
        # A quoted value stays text; a bare one may become a number, as if it were written there.
        return text if node.style else yaml.safe_load(text)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == ""
