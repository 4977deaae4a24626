"""A scenario: faults in their order, and what a hub has to make of them. A YAML file of `steps`.

    name: A lamp loses its power while it is switched
    steps:
      - hub: {set: kitchen-light, to: true, as: switching}     # the hub begins a command
      - when: {command: on_off, device: kitchen-light}         # as it arrives at the lamp …
        link: {of: kitchen-light, power: false}                # … the power is gone
      - expect: {of: switching, outcome: [done, device_silent], within_s: 6}
      - after_s: 1
        link: {of: kitchen-light, power: true}
      - expect: {set: kitchen-light, to: true, outcome: done}

Each step waits first, if it says so: `at_s` since the start, `after_s` since the step before, or
`when` something happens (from the step before on, for `within_s` at most). Then it does one thing:

`device`: {id, do: press | wake | sleep | join | leave | reset | rejoin | announce, values}
`link`: {of: DEVICE} and fields of `node.parts.Link`: power, parent, loss, mute, lies, refuses, …
`radio`: fields of `radio.RadioSettings`: loss, jitter_ms, duplicates, line_noise, …
`stick`: unplug | plug | hang | resume | crash | restart, or {do, reason}, {swap: NAME},
  {network: none | foreign}, or fields of `ncp.shortage.StickSettings`: refuses, answer_ms, …
`hub`: {set: DEVICE, capability, to, as: NAME}: a command that goes on in the background
`expect`: see Expect; the step fails when it is not met `within_s`
`repeat`: {times, steps}

`devices` gives the scenario a house of its own, as a house file does; `long` marks one that takes
more than a few seconds; `unfixed` says why a hub does not meet it yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, TypeVar

import msgspec
import yaml

from pichat.errors import ConfigError
from pichat.simulator.errors import SimulatorError
from pichat.simulator.house import DeviceSpec, load_house
from pichat.simulator.ncp.memory import StickNetwork
from pichat.simulator.ncp.shortage import StickSettings
from pichat.simulator.node.parts import Link
from pichat.simulator.radio import RadioSettings
from pichat.simulator.settings import Settings, replace_fields

StickAction = Literal["unplug", "plug", "hang", "resume", "crash", "restart"]
DeviceAction = Literal["press", "wake", "sleep", "join", "leave", "reset", "rejoin", "announce"]
T = TypeVar("T")
THINGS = ("device", "link", "radio", "stick", "hub", "expect", "repeat")
HAPPENINGS = ("command", "values", "joined", "left", "rejoined", "held")


class _Loader(yaml.SafeLoader):
    """Only true and false are booleans: `on` is the name of a value."""

    yaml_implicit_resolvers: ClassVar = {  # type: ignore[misc]
        first: [(tag, fits) for tag, fits in resolvers if not tag.endswith(":bool")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


class ScenarioError(ConfigError):
    """A scenario cannot be used; the sentence holds every problem, a line each."""

    code = "scenario"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Of a step; what is left out in the file is left out when it is told."""


class When(_Part, kw_only=True, frozen=True):
    """command: one of this cluster (`on_off`) arrives; values: a device comes to have them; these
    two with the `device`. The others name the device themselves."""

    command: str | None = None
    values: dict[str, Any] | None = None
    device: str | None = None
    joined: str | None = None
    left: str | None = None
    rejoined: str | None = None
    held: str | None = None


class DeviceStep(_Part, kw_only=True, frozen=True):
    id: str
    do: DeviceAction | None = None
    new_address: bool = False
    parent: str | None = None
    values: dict[str, Any] = {}


class HubStep(_Part, kw_only=True, frozen=True, rename={"name": "as"}):
    set: str
    to: bool | int | float | str
    capability: str = "on_off"
    name: str = "it"


class Expect(_Part, kw_only=True, frozen=True):
    """status, with a part of its `reason`: of the hub's radio. set, capability, to and outcome: a
    command now, and what becomes of it: done or an error's code, or one of several; of: the same of
    a command that a `hub` step began. devices: how many the hub knows. device, with `available` or
    `state`: what the hub says of it. values: what the simulated devices really have, by id."""

    within_s: float = 5.0
    status: str | None = None
    reason: str | None = None
    set: str | None = None
    capability: str = "on_off"
    to: bool | int | float | str | None = None
    of: str | None = None
    outcome: str | list[str] | None = None
    devices: int | None = None
    device: str | None = None
    available: bool | None = None
    state: dict[str, Any] | None = None
    values: dict[str, dict[str, Any]] | None = None

    @property
    def outcomes(self) -> list[str]:
        return [self.outcome] if isinstance(self.outcome, str) else self.outcome or []


class Step(_Part, kw_only=True, frozen=True):
    at_s: float | None = None
    after_s: float | None = None
    when: When | None = None
    within_s: float = 20.0
    device: DeviceStep | None = None
    link: dict[str, Any] | None = None
    radio: dict[str, Any] | None = None
    stick: StickAction | dict[str, Any] | None = None
    hub: HubStep | None = None
    expect: Expect | None = None
    repeat: Repeat | None = None


class Repeat(_Part, kw_only=True, frozen=True):
    times: int
    steps: list[Step]


class StickStep(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a `stick` step holds, besides the fields of StickSettings."""

    do: StickAction | None = None
    reason: int | None = None
    swap: str | None = None
    network: StickNetwork | None = None
    ezsp: int | None = None

    @staticmethod
    def split(given: dict[str, Any]) -> tuple[StickStep, dict[str, Any]]:
        """What happens to the stick, and the settings. Raises ValidationError, SimulatorError."""
        own = {name: value for name, value in given.items() if name in StickStep.__struct_fields__}
        settings = {name: value for name, value in given.items() if name not in own}
        replace_fields(StickSettings(), settings)
        return msgspec.convert(own, StickStep), settings


class Scenario(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """confirm_timeout_s: the hub's patience with a device."""

    name: str
    steps: list[Step]
    devices: list[DeviceSpec] | None = None
    confirm_timeout_s: float = 2.0
    long: bool = False
    unfixed: str | None = None


def read_scenario(text: str, source: str = "the scenario") -> Scenario:
    """Raises ScenarioError with every problem, one a line."""
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise ScenarioError(f"{source}: {error}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list):
        raise ScenarioError(f"{source}: it has no steps.")
    problems: list[str] = []
    steps = [
        step
        for number, one in enumerate(content["steps"], 1)
        if (step := _convert(one, Step, f"step {number}", problems)) is not None
    ]
    whole = _convert({**content, "steps": []}, Scenario, "", problems)
    if whole is not None:
        known = {one.id for one in whole.devices or load_house(None).devices}
        for number, step in enumerate(steps, 1):
            problems += [f"step {number}: {problem}" for problem in _problems(step, known)]
    if whole is None or problems:
        raise ScenarioError("\n".join(f"{source}: {problem}" for problem in problems))
    return msgspec.structs.replace(whole, steps=steps)


def _convert(content: Any, kind: type[T], where: str, problems: list[str]) -> T | None:
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}." if where else f"{error}.")
        return None


def _problems(step: Step, known: set[str]) -> Iterator[str]:
    things = [name for name in THINGS if getattr(step, name) is not None]
    if len(things) != 1 and not (not things and step.when is not None):
        yield f"it does {' and '.join(things) or 'nothing'}, and not one of {', '.join(THINGS)}."
    if step.when is not None:
        happenings = [name for name in HAPPENINGS if getattr(step.when, name) is not None]
        if len(happenings) != 1:
            yield f"it waits for one of {', '.join(HAPPENINGS)}."
    for name in _devices_of(step):
        if name not in known:
            yield f"there is no device {name!r}; there are {', '.join(sorted(known))}."
    yield from _field_problems(step)
    if step.repeat is not None:
        for number, one in enumerate(step.repeat.steps, 1):
            yield from (f"repeated step {number}: {problem}" for problem in _problems(one, known))


def _devices_of(step: Step) -> Iterator[str]:
    when, expect = step.when, step.expect
    if when is not None:
        names = (when.device, when.joined, when.left, when.rejoined, when.held)
        yield from (name for name in names if name is not None)
    if step.device is not None:
        yield step.device.id
    if step.hub is not None:
        yield step.hub.set
    if step.link is not None:
        yield str(step.link.get("of"))
    if expect is not None:
        yield from (name for name in (expect.set, expect.device) if name is not None)
        yield from expect.values or {}


def _field_problems(step: Step) -> Iterator[str]:
    fields: list[tuple[Settings, dict[str, Any]]] = []
    if step.radio is not None:
        fields.append((RadioSettings(), step.radio))
    if step.link is not None:
        fields.append((Link(), {key: value for key, value in step.link.items() if key != "of"}))
    try:
        for settings, given in fields:
            replace_fields(settings, given)
        if isinstance(step.stick, dict):
            StickStep.split(step.stick)
    except SimulatorError as error:
        yield error.sentence
    except msgspec.ValidationError as error:
        yield f"{error}."
    expect = step.expect
    if expect is not None and (expect.set or expect.of) and not expect.outcomes:
        yield "it does not say which outcome it expects."
    if expect is not None and expect.set and expect.to is None:
        yield "it does not say what the device shall be set `to`."
