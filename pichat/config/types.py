"""The typed tree. A field's default is the product's default; its type is what is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Port = Annotated[int, Meta(ge=0, le=65535)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1)]


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where screens connect. Port 0 picks a free one."""

    host: Text = "127.0.0.1"
    port: Port = 8000


class Zigbee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`path`: `simulated`, a serial device, `socket://host:port`, or `none` for no Zigbee."""

    path: Text = "simulated"
    baud_rate: Annotated[int, Meta(gt=0)] = 115200
    flow_control: Literal["software", "hardware"] | None = None
    confirm_timeout_s: Positive = 5.0


class Simulator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The house behind `zigbee.path: simulated`. No `house` file means the built-in one."""

    house: Path | None = None
    radio_delay_ms: Annotated[float, Meta(ge=0, le=60_000)] = 15.0
    loss: Fraction = 0.0
    ezsp_version: Annotated[int, Meta(ge=13, le=19)] = 13


class Voice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voice loop. `microphone` and `speaker`: `default`, or a part of a device's name."""

    enabled: bool = True
    microphone: Text = "default"
    speaker: Text = "default"
    wake_engine: Literal["openwakeword"] = "openwakeword"
    wake_word: Text = "hey_jarvis"
    wake_threshold: Fraction = 0.5
    stt: Literal["pocketsphinx"] = "pocketsphinx"
    tts: Literal["auto", "espeak-ng", "piper"] = "auto"
    piper_voice: Path | None = None
    end_silence_s: Positive = 0.4
    no_speech_timeout_s: Positive = 6.0
    longest_utterance_s: Positive = 15.0
    feedback_sound: bool = True


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
    logging: Logging = field(default_factory=Logging)
