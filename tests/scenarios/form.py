"""What a scenario file may hold; README.md beside this file explains it to whoever writes one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, Struct, field

from pichat.config.types import Voice
from pichat.events import LOCAL_STATION, Milestone, State, VoiceState
from tests.support.noises import Bed, Kind
from tests.support.room import Echo, Fault
from tests.support.speech import WAKING_VOICE
from tests.support.world import Place, Setting

Seconds = Annotated[float, Meta(ge=0)]
Deed = Literal[
    "mute",
    "unmute",
    "press stop",
    "press listen",
    "unplug microphone",
    "plug microphone",
    "unplug speaker",
    "plug speaker",
]
Event = VoiceState | Milestone


class ScenarioError(Exception):
    """A scenario file does not fit; the text names the place."""


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key must be a known one."""


class Noise(_Part, frozen=True, kw_only=True):
    """A noise that goes on, in dB compared with a person."""

    television: float | None = None
    white: float | None = None
    pink: float | None = None
    babble: float | None = None
    music: float | None = None
    from_s: Seconds = 0.0
    until_s: Seconds = float("inf")

    @property
    def bed(self) -> Bed:
        kinds: tuple[Kind, ...] = ("television", "white", "pink", "babble", "music")
        kind = next(kind for kind in kinds if getattr(self, kind) is not None)
        return Bed(
            kind=kind, level_db=getattr(self, kind), from_s=self.from_s, until_s=self.until_s
        )

    def __post_init__(self) -> None:
        _exactly_one(self, "television", "white", "pink", "babble", "music")


class Room(_Part, frozen=True, kw_only=True):
    """`echo_db`: how loud PiChat's own sound comes back into its microphone."""

    noise: tuple[Noise, ...] = ()
    echo_db: float | None = None
    echo_delay_s: Seconds = 0.04
    microphone: tuple[Fault, ...] = ()
    speaker: bool = True


class Station(_Part, frozen=True, kw_only=True):
    """A screen that listens as well, compared with the local microphone."""

    area: str | None = None
    gain_db: float = 0.0
    delay_s: float = 0.0


class Step(_Part, frozen=True, kw_only=True):
    """Something happens in the room: at a time, or so long after what came before or after an
    event."""

    at: Seconds | None = None
    after: Seconds | None = None
    when: Event | None = None

    say: str | None = None
    wav: str | None = None
    sound: Kind | None = None
    do: Deed | None = None

    voice: str = WAKING_VOICE
    gain_db: float = 0.0
    seconds: Seconds = 0.5  # of a sound
    cut_s: Seconds | None = None  # only so much of it is said

    def __post_init__(self) -> None:
        _exactly_one(self, "say", "wav", "sound", "do")
        if self.at is not None and (self.after is not None or self.when is not None):
            raise ValueError("“at” stands alone, without “after” and “when”")


class Expect(_Part, frozen=True, kw_only=True):
    """Something that must have happened, in this order."""

    state: VoiceState | None = None
    milestone: Milestone | None = None
    heard: str | None = None
    answer: str | None = None
    house: dict[str, dict[str, State]] | None = None
    sound: Literal["begins", "ends"] | None = None
    health: str | None = None
    never: tuple[Event, ...] | Event | None = None
    times: dict[Event, int] | None = None

    detail: str | None = None
    whole: bool | None = None  # was the answer heard to its end?
    within: Seconds | None = None
    since: Event | Deed | None = None
    station: str = LOCAL_STATION

    def __post_init__(self) -> None:
        kinds = ("state", "milestone", "heard", "answer", "house", "sound", "health", "never")
        _exactly_one(self, *kinds, "times")


class Scenario(_Part, frozen=True, kw_only=True):
    """One file. `ends`: the state in which PiChat is when all is over; `rest_s`: how long it then
    stays so; `limit_s`: the whole may take no longer."""

    name: str
    about: str = ""
    long: bool = False
    config: Voice = field(default_factory=Voice)
    room: Room = field(default_factory=Room)
    stations: dict[str, Station] = {}
    answers: dict[str, str | tuple[str, ...]] = {}
    silent: tuple[str, ...] = ()
    script: Annotated[tuple[Step, ...], Meta(min_length=1)]
    expect: Annotated[tuple[Expect, ...], Meta(min_length=1)]
    ends: VoiceState = "listening"
    rest_s: Seconds = 0.5
    limit_s: Seconds = 60.0

    @property
    def setting(self) -> Setting:
        """The world in which it happens."""
        room = self.room
        echo = (
            Echo(gain_db=room.echo_db, delay_s=room.echo_delay_s)
            if room.echo_db is not None
            else None
        )
        return Setting(
            config=self.config,
            echo=echo,
            beds=tuple(noise.bed for noise in room.noise),
            faults=frozenset(room.microphone),
            speaker=room.speaker,
            stations={
                name: Place(area=each.area, gain_db=each.gain_db, delay_s=each.delay_s)
                for name, each in self.stations.items()
            },
            answers={
                text: (said,) if isinstance(said, str) else said
                for text, said in self.answers.items()
            },
            silent=frozenset(self.silent),
        )


def read(file: Path) -> Scenario:
    """Raises ScenarioError with one line that names the file and the place in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{file} cannot be read: {error.strerror}.") from error
    return parse(text, str(file))


def parse(text: str, name: str) -> Scenario:
    """A file's text. Raises ScenarioError with one line that begins with `name`."""
    try:
        content: Any = yaml.safe_load(text)
        return msgspec.convert(content, Scenario)
    except yaml.YAMLError as error:
        raise ScenarioError(f"{name} is not YAML: {' '.join(str(error).split())}.") from error
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{name} does not fit: {error}.") from error


def _exactly_one(part: Struct, *keys: str) -> None:
    given = [key for key in keys if getattr(part, key) is not None]
    if len(given) != 1:
        found = " and ".join(f"“{key}”" for key in given) or "none"
        raise ValueError(f"exactly one of {', '.join(keys)} is needed, not {found}")
