"""The typed tree. A field's default is the product's default; its type is what is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pichat.events import VoiceState

Port = Annotated[int, Meta(ge=0, le=65535)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1)]
Radio = Literal["ezsp", "znp", "deconz"]
FlowControl = Literal["software", "hardware", "none"]


class Secret:
    """A key. It prints as stars; `value` is for whoever sends it. No encoder knows it."""

    __slots__ = ("value",)

    def __init__(self, value: str = "") -> None:
        self.value = value

    def __repr__(self) -> str:
        return "***" if self.value else "(none)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


class Tls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`auto`: with a certificate of this house's own authority, made at the first start; `files`:
    with `certificate` (a chain in PEM) and its `key`."""

    mode: Literal["off", "auto", "files"] = "off"
    certificate: Path | None = None
    key: Path | None = None


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what comes over the network. Requests are counted a second, for each address and each
    token; this machine's own are not, while it is trusted."""

    connections: Annotated[int, Meta(ge=1)] = 1000
    connections_per_address: Annotated[int, Meta(ge=1)] = 64
    requests_per_s: Positive = 100.0
    requests_at_once: Annotated[int, Meta(ge=1)] = 400  # that may come in one go
    upload_bytes: Annotated[int, Meta(ge=1)] = 20 * 1024 * 1024  # one file
    uploads_bytes: Annotated[int, Meta(ge=1)] = 500 * 1024 * 1024  # all that are kept


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where screens connect. Port 0 picks a free one.

    `names`: under which browsers may ask for this machine, beside its own; `origins`: pages of
    other servers that may use it, as `http://host:port`. `trust_loopback`: whoever asks from this
    machine may do everything. `api_token`: one that is let in as admin, for programs that know no
    pairing; else $API_TOKEN. `announce`: tell the network by mDNS, under `name`.local."""

    host: Text = "127.0.0.1"
    port: Port = 8000
    name: Annotated[str, Meta(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] = "pichat"
    names: tuple[Text, ...] = ()
    origins: tuple[Text, ...] = ()
    trust_loopback: bool = True
    api_token: Secret = field(default_factory=Secret)
    announce: bool = True
    tls: Tls = field(default_factory=Tls)
    limits: Limits = field(default_factory=Limits)


class Zigbee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`path`: `simulated`, `auto` for the one known stick that is plugged in, a serial device,
    `socket://host:port`, or `none` for no Zigbee. `radio`: which protocol the stick speaks, EZSP
    (Silicon Labs), ZNP (Texas Instruments) or deCONZ. What is None is as the stick needs it, if
    PiChat knows that, else ezsp at 115200 baud with software flow control."""

    path: Text = "simulated"
    radio: Radio | None = None
    baud_rate: Annotated[int, Meta(gt=0)] | None = None
    flow_control: FlowControl | None = None
    confirm_timeout_s: Positive = 5.0

    # A device that listens is asked when it was silent for so long; one that sleeps is missing
    # after three times its longest usual silence, at the latest after so long.
    availability_mains_s: Positive = 600.0
    availability_battery_s: Positive = 90_000.0
    waiting_deadline_s: Positive = 3600.0  # how long a command waits for a device that sleeps

    # Where firmware images for devices are: a folder of files, and an index (a file or a URL) in
    # zigbee2mqtt's or zigpy's form. Nothing is fetched unless somebody asks for it.
    firmware_folder: Path | None = None
    firmware_index: Text | None = None


class Simulator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The house behind `zigbee.path: simulated`. No `house` file means the built-in one."""

    house: Path | None = None
    radio_delay_ms: Annotated[float, Meta(ge=0, le=60_000)] = 15.0
    loss: Fraction = 0.0
    ezsp_version: Annotated[int, Meta(ge=13, le=19)] = 13


class Style(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers sound. `accent` is a word such as british, scottish, american or polish; `rate`
    and `volume` are factors. A Piper voice has its own gender and accent."""

    gender: Literal["female", "male"] | None = None
    accent: Text | None = None
    rate: Annotated[float, Meta(ge=0.5, le=2)] = 1.0
    volume: Annotated[float, Meta(ge=0, le=1)] = 1.0
    piper_voice: Path | None = None


class WakeWord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word and the profile that answers to it. Without a `threshold`, the engine's own."""

    word: Text
    profile: Text = "default"
    threshold: Fraction | None = None


class Voice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voice loop. `microphone` and `speaker`: `default`, or a part of a device's name."""

    enabled: bool = True
    microphone: Text = "default"
    speaker: Text = "default"
    sound_system: Literal["alsa", "pulse"] = "alsa"
    zeros_are_deaf: bool = True  # False for a microphone that gives zeros whenever it is quiet
    echo_cancellation: bool = True
    duck_to: Fraction = 0.3  # how loud other programs stay while PiChat speaks; 1 leaves them

    wake_engine: Literal["both", "microwakeword", "openwakeword"] = "both"
    wake_words: Annotated[tuple[Text | WakeWord, ...], Meta(min_length=1)] = ("hey_jarvis",)
    wake_models: Path | None = None  # a folder of your own .tflite models

    stt: Literal["pocketsphinx"] = "pocketsphinx"
    whisper_model: Path | None = None  # the folder of a model that was installed
    whisper_idle_s: Positive = 300.0  # it is unloaded after so long without use

    tts: Literal["auto", "espeak-ng", "piper"] = "auto"
    feedback_sound: bool = True

    # How long a silence ends a command that is complete, that may be over, that must go on:
    complete_silence_s: Positive = 0.14
    end_silence_s: Positive = 0.6
    open_silence_s: Positive = 1.2
    no_speech_timeout_s: Positive = 6.0
    longest_utterance_s: Positive = 15.0
    follow_up_s: Annotated[float, Meta(ge=0)] = 5.0  # listens on after an answer; 0: does not
    barge_in: Literal["speech", "wake_word"] = "speech"  # speech needs echo_cancellation

    keep_audio: tuple[Literal["wakes", "runs"], ...] = ()

    @property
    def words(self) -> tuple[WakeWord, ...]:
        """The wake words, each with its profile."""
        return tuple(
            each if isinstance(each, WakeWord) else WakeWord(word=each) for each in self.wake_words
        )


class LocalModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The language model of this machine, which a chain calls `local`. `model`: the name of one
    that was installed, or a GGUF file. `load`: when it is first needed, or at the start."""

    model: Path
    load: Literal["needed", "start"] = "needed"
    idle_s: Positive = 600.0  # it is unloaded after so long without use
    context_tokens: Annotated[int, Meta(ge=256)] = 4096
    threads: Annotated[int, Meta(ge=1)] | None = None  # None: what suits the machine


class CloudModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider on the network. `kind` is the API that it speaks: `openai` is spoken by most,
    Ollama, vLLM, llama-server, OpenRouter and Azure among them. `api_version` is Azure's, whose
    models are deployments. `cloud: false` is for a server of your own at home."""

    kind: Literal["openai", "anthropic", "gemini"]
    model: Text
    url: Text | None = None  # None: the provider's own
    api_key: Secret = field(default_factory=Secret)
    api_version: Text | None = None
    image_model: Text | None = None
    headers: dict[str, str] = {}
    cloud: bool = True


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a chain. `use`: `intents`, `local`, or a provider's name, each model of which
    can be asked as `name:model`. Deadlines for the first token and for the whole answer."""

    use: Text
    first_token_s: Positive = 20.0
    total_s: Positive = 120.0


class Llm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Language models. `providers`: by the names that chains use."""

    local: LocalModel | None = None
    providers: dict[str, CloudModel] = {}


class McpServer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server of tools elsewhere, that speaks MCP: a program of this machine (`command` and its
    arguments, with `env` besides, in `folder`), which is started when it is first needed and ended
    after `idle_s` without use, or an address (`url`, over streamable HTTP or, of old ones, SSE).
    `tools`: patterns of those that are wanted, None for all."""

    command: tuple[Text, ...] = ()
    env: dict[str, Secret] = {}
    folder: Path | None = None
    url: Text | None = None
    transport: Literal["http", "sse"] = "http"
    headers: dict[str, Secret] = {}
    enabled: bool = True
    tools: tuple[Text, ...] | None = None
    call_timeout_s: Positive = 60.0
    idle_s: Positive = 300.0


class Mcp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools of other programs, and PiChat's own for them. `servers`: by name, those that come first
    are preferred where two do the same. `serve`: let agents in at /mcp. `offered_tools`: of other
    programs, that a model is told of for one utterance. `compare`: the model of the active profile
    is asked, once, which of tools of different servers that do the same is better. Bounds:
    `calls_per_minute` of each server, `result_bytes` of one result."""

    servers: dict[str, McpServer] = {}
    serve: bool = True
    offered_tools: Annotated[int, Meta(ge=0, le=32)] = 8
    compare: bool = False
    calls_per_minute: Annotated[int, Meta(ge=1)] = 120
    result_bytes: Annotated[int, Meta(ge=1024)] = 256 * 1024


class ModelParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model answers. None leaves the provider's own."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Fraction | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    stop: tuple[Text, ...] = ()


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a wake word calls. `chain`: who is asked, in that order; without one, the intents, then
    every model that the config names, of which those in the cloud only with `may_use_cloud`.
    `system`: what models are told beside PiChat's own text. `tools`: patterns of those that
    models may use (`get_*`) and may not (`!set_*`), of which the last that fits counts; None for
    all. `language`: None is the house's own."""

    style: Style = field(default_factory=Style)
    chain: tuple[Text | Step, ...] = ()
    parameters: ModelParameters = ModelParameters()
    system: str = ""
    tools: tuple[Text, ...] | None = None
    may_use_cloud: bool = False
    language: Text | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The chain, each step whole."""
        return tuple(each if isinstance(each, Step) else Step(use=each) for each in self.chain)


Deed = Literal["mute", "stop", "listen"]
"""What a key or a button does: mute or unmute, be silent, listen as after the wake word."""


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of a keyboard, a remote or a button box. `device`: the Linux input device, best by its
    stable name in /dev/input/by-id; `key`: such as KEY_MICMUTE or KEY_F1."""

    device: Path
    key: Text
    does: Deed


class Pin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A button at a GPIO line: between it and ground (`pressed: low`, pulled up inside), or between
    it and 3.3 V (`high`, pulled down). `line`: the GPIO's number, not the pin's on the header."""

    chip: Path = Path("/dev/gpiochip0")
    line: Annotated[int, Meta(ge=0)]
    does: Deed
    pressed: Literal["low", "high"] = "low"
    debounce_ms: Annotated[float, Meta(ge=0, le=1000)] = 20.0


class Led(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An LED at a GPIO line: lit during some states of the voice loop, blinking during others."""

    chip: Path = Path("/dev/gpiochip0")
    line: Annotated[int, Meta(ge=0)]
    lit: Literal["low", "high"] = "high"
    while_lit: tuple[VoiceState, ...] = ("hearing", "thinking", "speaking", "following_up")
    while_blinking: tuple[VoiceState, ...] = ("deaf",)


class Controls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a hand can touch and an eye can see. `command`: a program and its arguments, started at
    every change with the voice loop's state as the last one and in $PICHAT_VOICE_STATE."""

    keys: tuple[Key, ...] = ()
    pins: tuple[Pin, ...] = ()
    leds: tuple[Led, ...] = ()
    command: tuple[Text, ...] = ()


class Logging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of config.yaml. `language` is a language code of home-assistant-intents."""

    language: Text = "en"
    server: Server = field(default_factory=Server)
    zigbee: Zigbee = field(default_factory=Zigbee)
    simulator: Simulator = field(default_factory=Simulator)
    voice: Voice = field(default_factory=Voice)
    profiles: dict[str, Profile] = field(default_factory=lambda: {"default": Profile()})
    llm: Llm = field(default_factory=Llm)
    mcp: Mcp = field(default_factory=Mcp)
    controls: Controls = field(default_factory=Controls)
    logging: Logging = field(default_factory=Logging)
