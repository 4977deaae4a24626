"""The rules of the house, held by reading the source: sizes, and imports that point one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "pichat"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LAYERS = [
    {"__init__", "errors"},
    {"config", "events", "bus", "files", "health", "logs", "modules", "moments", "state", "steps"},
    {
        "store",
        "audio",
        "wake",
        "vad",
        "stt",
        "tts",
        "llm",
        "zigbee",
        "simulator",
        "worker",
        "models",
    },
    {"mcp", "tools", "intents"},
    {"turn"},
    {"controls"},
    {"gateway"},
    {"app"},
    {"cli", "__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
FILES = sorted(ROOT.rglob("*.py"))


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in FILES}


def imports_of(file: Path) -> Iterator[str]:
    """Every module of the project that `file` imports, at the top or inside a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in named)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_files_and_functions_are_small(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_every_room_has_a_layer() -> None:
    assert {room_of(module) for module in MODULES} <= set(RANK)


def test_imports_point_one_way() -> None:
    upward = [
        f"{module} imports {imported}"
        for module, file in MODULES.items()
        for imported in imports_of(file)
        if imported in MODULES and RANK[room_of(imported)] > RANK[room_of(module)]
    ]
    assert not upward


def test_imports_have_no_cycle() -> None:
    edges = {m: {i for i in imports_of(f) if i in MODULES and i != m} for m, f in MODULES.items()}
    while leaves := {module for module, targets in edges.items() if not targets & edges.keys()}:
        for module in leaves:
            del edges[module]
    assert not edges
