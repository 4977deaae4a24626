"""The frozen values that flow through the daemon, and over the wire to the screens."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

# --- the house -----------------------------------------------------------------------------


class Colour(msgspec.Struct, frozen=True, kw_only=True):
    """Hue in degrees (0 to 360), saturation in percent."""

    hue_deg: float
    saturation_percent: float


State = bool | int | float | str | Colour
"""One capability's value: on/off and lock and contact and occupancy are bool (True: on, locked,
open, somebody there); percentages 0 to 100; temperatures in °C; kelvin; watts."""

Kind = Literal[
    "light", "plug", "switch", "cover", "lock", "thermostat", "fan", "siren", "remote", "sensor"
]


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """What a device can tell or do. `name` is also the key of the device's `state`.

    Names: on_off, brightness (%), colour, colour_temperature (K), cover_position (% open), lock,
    target_temperature (°C, a thermostat's set-point), temperature (°C), humidity (%), contact,
    occupancy, power (W), energy (kWh), voltage (V), battery (%), illuminance (lx); tilt (% open),
    thermostat_mode and fan_mode (one of the `options`), fan_speed (%), siren, water_leak, smoke,
    pressure (hPa), co2 (ppm), pm25 (µg/m³).
    """

    name: str
    writable: bool = False
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()  # of a capability whose state is a word


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One device as people see it. `id` is its EUI-64 in the usual colon form."""

    id: str
    name: str
    area: str | None
    kind: Kind
    manufacturer: str
    model: str
    capabilities: tuple[Capability, ...]
    state: dict[str, State]
    available: bool
    last_seen_s: float | None  # seconds since the epoch
    confirm: bool = False  # its owner wants to be asked before it opens, unlocks or heats
    sleepy: bool = False  # it listens only now and then
    waiting: dict[str, State] = {}  # what it will be told when it wakes

    def capability(self, name: str) -> Capability | None:
        return next((c for c in self.capabilities if c.name == name), None)


class DeviceAdded(msgspec.Struct, frozen=True, kw_only=True, tag="device_added"):
    device: Device


class DeviceChanged(msgspec.Struct, frozen=True, kw_only=True, tag="device_changed"):
    """`changes` holds only the state that is new; `device` is the whole as it now is."""

    device: Device
    changes: dict[str, State]


class DeviceRemoved(msgspec.Struct, frozen=True, kw_only=True, tag="device_removed"):
    device_id: str


class ButtonPressed(msgspec.Struct, frozen=True, kw_only=True, tag="button_pressed"):
    """Somebody pressed a button of a remote. `button` is its name on that device (“1”, “up”),
    `press` how: single, double, triple, hold, release, or another word of the field."""

    device_id: str
    device_name: str
    button: str
    press: str


JoinStep = Literal["joined", "interviewing", "describing", "setting_up", "ready", "failed"]


class JoinProgress(msgspec.Struct, frozen=True, kw_only=True, tag="join_progress"):
    """How far a device has come that joins. `reason` is a sentence when it failed; `device` is
    there once it is ready."""

    device_id: str
    step: JoinStep
    detail: str = ""  # which endpoint or cluster, for those who look closely
    reason: str | None = None
    device: Device | None = None


class WaitingEnded(msgspec.Struct, frozen=True, kw_only=True, tag="waiting_ended"):
    """A command that waited for a sleeping device was confirmed (`error` is None), failed, or was
    given up at its deadline."""

    device_id: str
    device_name: str
    capability: str
    value: State
    error: str | None = None  # a sentence


class DeviceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that are commanded together. `area`: the room that it stands for, when PiChat keeps
    it by itself."""

    id: str
    name: str
    device_ids: tuple[str, ...]
    area: str | None = None


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """States to be taken up together: capability → value, by device id."""

    id: str
    name: str
    states: dict[str, dict[str, State]]
    transition_s: float = 0.0
    area: str | None = None


class GroupsChanged(msgspec.Struct, frozen=True, kw_only=True, tag="groups_changed"):
    groups: tuple[DeviceGroup, ...]


class ScenesChanged(msgspec.Struct, frozen=True, kw_only=True, tag="scenes_changed"):
    scenes: tuple[Scene, ...]


class NetworkProgress(msgspec.Struct, frozen=True, kw_only=True, tag="network_progress"):
    """Work on the network that takes a while. `percent` is None while nobody can tell; `error` is
    a sentence, `done` in either case."""

    work: Literal["firmware", "channel", "map", "energy_scan"]
    device_id: str | None = None
    percent: float | None = None
    done: bool = False
    error: str | None = None


# --- tools ---------------------------------------------------------------------------------

Source = Literal["voice", "screen", "shell", "agent", "model"]
"""Who asked for something. What a model asks for has the source `model`, whoever spoke to it."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's name and its arguments as JSON values; validated by the tool before it runs."""

    name: str
    arguments: dict[str, Any]


class DeviceOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one device in a call. Exactly one of `state` (confirmed) and `error`."""

    device_id: str
    device_name: str
    capability: str
    state: State | None = None
    error_code: str | None = None
    error: str | None = None  # a sentence

    @property
    def ok(self) -> bool:
        return self.error_code is None


class Question(msgspec.Struct, frozen=True, kw_only=True, tag="confirmation_asked"):
    """A call that waits for a person's yes. `text` asks for it aloud; `expires_s` is in seconds
    since the epoch; `conversation_id`: in which of them a spoken yes counts."""

    id: str
    text: str
    call: ToolCall
    conversation_id: str
    turn_id: str
    expires_s: float


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="confirmation_ended"):
    """A question is no longer open: yes, no, or nobody answered in time."""

    id: str
    answer: Literal["yes", "no", "expired"]


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """`outcomes` for tools that act on or read devices, `value` for the rest. `outside`: the value
    holds text from outside the house, which is nobody's wish. `question`: nothing was done yet,
    somebody has to say yes first."""

    outcomes: tuple[DeviceOutcome, ...] = ()
    value: Any = None
    outside: bool = False
    question: Question | None = None

    @property
    def ok(self) -> bool:
        return all(outcome.ok for outcome in self.outcomes)


# --- turns ---------------------------------------------------------------------------------


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person said. `candidates` are texts, likeliest first; typed text has one.
    `profile`: whom the speaker called, "" for whoever is active. `commands_only`: the recogniser
    knows nothing else, so that what is no command was misheard and is nothing to think about."""

    candidates: tuple[str, ...]
    source: Source
    turn_id: str
    conversation_id: str
    area: str | None = None  # where the speaker is, when known
    profile: str = ""
    commands_only: bool = False


class TurnStarted(msgspec.Struct, frozen=True, kw_only=True, tag="turn_started"):
    turn_id: str
    conversation_id: str
    source: Source
    text: str
    provider: str  # who answers first: "intents", or a step of the chain


class TurnTool(msgspec.Struct, frozen=True, kw_only=True, tag="turn_tool"):
    """One tool's call and what came of it. `started_s`: when it was handed over, on
    time.monotonic()."""

    turn_id: str
    call: ToolCall
    result: ToolResult
    started_s: float
    duration_ms: float


class TurnText(msgspec.Struct, frozen=True, kw_only=True, tag="turn_text"):
    """A piece of the answer, in order."""

    turn_id: str
    text: str


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the chain that was asked and did not answer, and why."""

    provider: str
    code: str
    reason: str  # a sentence
    after_ms: float


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn took of models. `cost_usd` where the provider tells it."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cost_usd: float | None = None


class TurnFinished(msgspec.Struct, frozen=True, kw_only=True, tag="turn_finished"):
    """The whole answer. `code` is None when all went well, else an error's code: the text then
    says what failed. `timings_ms` holds the milliseconds of each stage. `provider` and `model`:
    who really answered; `tried`: who was asked before."""

    turn_id: str
    conversation_id: str
    text: str
    provider: str
    code: str | None
    retryable: bool
    timings_ms: dict[str, float]
    model: str | None = None
    tokens: Tokens | None = None
    tried: tuple[Tried, ...] = ()


TurnEvent = TurnStarted | TurnTool | TurnText | TurnFinished


# --- screens and profiles ------------------------------------------------------------------


class ScreenCommand(msgspec.Struct, frozen=True, kw_only=True, tag="frontend_command"):
    """Something to show on the screens. `area`: only on those of a room."""

    kind: Literal["notification", "page", "list"]
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    area: str | None = None


class ProfilesChanged(msgspec.Struct, frozen=True, kw_only=True, tag="profiles_changed"):
    """The names of all profiles, and which of them answers where none was called."""

    names: tuple[str, ...]
    active: str


# --- voice and health ----------------------------------------------------------------------

VoiceState = Literal[
    "deaf", "muted", "listening", "hearing", "thinking", "speaking", "following_up"
]
LOCAL_STATION = "local"
"""The microphone and the speaker of this machine; every screen that listens is another station."""


class VoiceChanged(msgspec.Struct, frozen=True, kw_only=True, tag="voice_changed"):
    """`listening` waits for the wake word, `hearing` takes in a command, `following_up` waits for
    one without the wake word. `reason` says why deaf."""

    state: VoiceState
    reason: str | None = None
    station: str = LOCAL_STATION


class Transcript(msgspec.Struct, frozen=True, kw_only=True, tag="transcript"):
    """What the recogniser holds; `final` once per turn. An empty final text: nothing understood."""

    turn_id: str
    text: str
    final: bool


Milestone = Literal[
    "wake",  # detail: the wake word, or how else the turn began: follow_up, button
    "stood_down",  # another station heard the same wake word first
    "speech_start",
    "speech_end",  # detail: why the turn ended: complete, silence, open, stopped
    "capped",
    "gave_up",  # detail: why, unless nobody spoke: no command, sound lost, button
    "transcribed",  # a model was asked when the recogniser refused; detail: how it failed
    "paused",  # somebody speaks into the answer
    "resumed",  # it was nothing
    "interrupted",  # detail: by what: wake word, stop word, speech, button
    "first_audio",
    "spoken",
]


class VoiceHeard(msgspec.Struct, frozen=True, kw_only=True, tag="voice_heard"):
    """A milestone of the voice loop: what happened to the sound of a turn, and when. `scores`:
    each wake engine's score, for `wake`."""

    turn_id: str
    what: Milestone
    at_s: float  # time.monotonic()
    detail: str = ""
    scores: dict[str, float] = {}
    station: str = LOCAL_STATION


class WakeScored(msgspec.Struct, frozen=True, kw_only=True, tag="wake_scored"):
    """The highest score of each wake word in the last moment, for tuning the thresholds: engine →
    word → score. `near_miss`: a word that one engine took and another did not."""

    scores: dict[str, dict[str, float]]
    near_miss: str | None = None
    station: str = LOCAL_STATION


class AnswerHeard(msgspec.Struct, frozen=True, kw_only=True, tag="answer_heard"):
    """What of an answer was really heard; `whole` when nothing is missing."""

    turn_id: str
    text: str
    whole: bool


PartStatus = Literal["ok", "degraded", "failed", "off"]


class PartHealth(msgspec.Struct, frozen=True, kw_only=True, tag="health_changed"):
    """The condition of one part. `reason` is a sentence for the owner when it is not ok."""

    part: str
    status: PartStatus
    reason: str | None = None


Event = (
    DeviceAdded
    | DeviceChanged
    | DeviceRemoved
    | ButtonPressed
    | JoinProgress
    | WaitingEnded
    | GroupsChanged
    | ScenesChanged
    | NetworkProgress
    | TurnStarted
    | TurnTool
    | TurnText
    | TurnFinished
    | VoiceChanged
    | Transcript
    | VoiceHeard
    | WakeScored
    | AnswerHeard
    | PartHealth
    | Question
    | Answered
    | ScreenCommand
    | ProfilesChanged
)
