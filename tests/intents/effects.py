"""What calls would do to a house, however they name their targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pichat.events import Device, DeviceOutcome, ToolCall, ToolResult
from pichat.intents.colours import COLOURS
from pichat.intents.understood import Understood
from pichat.tools.targets import Target, resolve

DATA = Path(__file__).parent.parent / "data"
Effect = tuple[Any, ...]


def home_commands() -> list[dict[str, Any]]:
    commands: list[dict[str, Any]] = yaml.safe_load((DATA / "home_commands.yaml").read_text())
    return commands


def other_speech() -> list[str]:
    return (DATA / "other_speech.txt").read_text().splitlines()


def targets(call: ToolCall, house: Sequence[Device]) -> list[Device]:
    target = msgspec.convert(call.arguments["target"], Target)
    return resolve(target, call.arguments["capability"], house)


def effects(calls: Sequence[ToolCall], house: Sequence[Device]) -> set[Effect]:
    """(tool, capability, device, value) of every device that a call reaches."""
    found: set[Effect] = set()
    for call in calls:
        if call.name in ("get_time", "get_date"):
            found.add((call.name,))
            continue
        value = call.arguments.get("value")
        if isinstance(value, dict):
            value = (value["hue_deg"], value["saturation_percent"])
        for device in targets(call, house):
            found.add((call.name, call.arguments["capability"], device.name, value))
    return found


def expected(command: dict[str, Any]) -> set[Effect]:
    """The same of an entry of home_commands.yaml."""
    if "tell" in command:
        return {(f"get_{command['tell']}",)}
    tool = "set_device_state" if "set" in command else "get_device_state"
    capability, value = command.get("set") or command["get"], command.get("value")
    if capability == "colour":
        colour = COLOURS[str(value)]
        value = (colour.hue_deg, colour.saturation_percent)
    return {(tool, capability, name, value) for name in command["devices"]}


def carried_out(
    understood: Understood, house: Sequence[Device], failing: dict[str, str] | None = None
) -> list[ToolResult]:
    """Results as the tools give them; `failing` maps device names to error codes."""
    results = []
    for call in understood.calls:
        if call.name == "get_time":
            results.append(ToolResult(value="13:05:00"))
        elif call.name == "get_date":
            results.append(ToolResult(value="2026-11-21"))
        else:
            outcomes = [_outcome(call, device, failing or {}) for device in targets(call, house)]
            results.append(ToolResult(outcomes=tuple(outcomes)))
    return results


def _outcome(call: ToolCall, device: Device, failing: dict[str, str]) -> DeviceOutcome:
    capability = call.arguments["capability"]
    code = failing.get(device.name)
    state = None
    if code is None:
        state = call.arguments.get("value", device.state.get(capability))
    return DeviceOutcome(
        device_id=device.id,
        device_name=device.name,
        capability=capability,
        state=state,
        error_code=code,
        error=f"The {device.name} failed." if code else None,
    )
