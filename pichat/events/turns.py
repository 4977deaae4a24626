"""What a person said, and everything that follows from it."""

from __future__ import annotations

from typing import Literal

import msgspec

from pichat.events.tools import Image, Source, ToolCall, ToolResult


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said before, as whoever asks tells it."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[Image, ...] = ()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On what terms a person is answered, over the profile's. `tools`: patterns of names, to which
    every way to the house is narrowed, the intents' too; None: as the profile has it.
    `may_use_cloud`: False for one who may not although the profile may. The others replace the
    profile's: `model` is a step of a chain (`local`, `cloud:name`), asked after the intents."""

    tools: tuple[str, ...] | None = None
    may_use_cloud: bool = True
    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person said. `candidates` are texts, likeliest first; typed text has one.
    `profile`: whom the speaker called, "" for whoever is active. `commands_only`: the recogniser
    knows nothing else, so that what is no command was misheard and is nothing to think about.
    `user_id`: the person, or `house`; not `kept`: nothing of it may stay on the disk. `history`:
    what was said before, instead of what was kept; then nothing of this turn is kept either.
    `client_id` and `token_id`: the front end, and by which token it came in; "" for a voice.
    `depth`: how many programs stand between the person and this turn, each of which another had
    asked over MCP."""

    candidates: tuple[str, ...]
    source: Source
    turn_id: str
    conversation_id: str
    area: str | None = None  # where the speaker is, when known
    profile: str = ""
    commands_only: bool = False
    user_id: str = "house"
    kept: bool = True
    terms: Terms = Terms()
    images: tuple[Image, ...] = ()
    history: tuple[Said, ...] | None = None
    client_id: str = ""
    token_id: str = ""
    depth: int = 0


class TurnStarted(msgspec.Struct, frozen=True, kw_only=True, tag="turn_started"):
    """What was said, as it was understood. `provider`: who answers first, `intents` or a step of
    the chain. `user_id`: who said it, or `house`."""

    turn_id: str
    conversation_id: str
    source: Source
    text: str
    provider: str
    user_id: str = "house"


class TurnTool(msgspec.Struct, frozen=True, kw_only=True, tag="turn_tool"):
    """One tool's call and what came of it. `started_s`: when it was handed over, on
    time.monotonic()."""

    turn_id: str
    call: ToolCall
    result: ToolResult
    started_s: float
    duration_ms: float


class TurnProgress(msgspec.Struct, frozen=True, kw_only=True, tag="turn_progress"):
    """How far a tool elsewhere is that works for this turn, as its server tells: `progress` of
    `total`, where that is known, in units of its own. `message` is the server's words."""

    turn_id: str
    name: str
    progress: float
    total: float | None = None
    message: str = ""


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
    who really answered; `tried`: who was asked before. `cut_off`: the answer is not whole, as it
    broke off (then there is a `code`) or became as long as it may."""

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
    cut_off: bool = False


TurnEvent = TurnStarted | TurnTool | TurnProgress | TurnText | TurnFinished
