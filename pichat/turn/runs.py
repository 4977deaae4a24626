"""The last spoken runs, gathered from the bus and kept in memory only.

What was said at home is nobody's business on the disk; so everything here is bounded and gone
when the daemon ends.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

from pichat.audio.pcm import SAMPLE_BYTES, samples
from pichat.bus import Bus, Subscription
from pichat.errors import BusyError, NotFoundError
from pichat.events import (
    AnswerHeard,
    Transcript,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    VoiceHeard,
    WakeScored,
)
from pichat.turn.draft import LONGEST_ANSWER, LONGEST_TEXT, Draft
from pichat.turn.run import ENDS, Run, short

log = structlog.get_logger(__name__)

KEPT_RUNS = 20
LONGEST_SOUND_S = 15.0
_KEPT_ASIDE = 20  # near misses and runs that stood down: a television must not push the others out
_UNDER_WAY = 8  # turns of which something was heard, but not yet that they are spoken ones
_WAITING_EVENTS = 4096

_Heard = (
    VoiceHeard
    | Transcript
    | TurnStarted
    | TurnTool
    | TurnText
    | TurnFinished
    | AnswerHeard
    | WakeScored
)
_KINDS = (
    VoiceHeard,
    Transcript,
    TurnStarted,
    TurnTool,
    TurnText,
    TurnFinished,
    AnswerHeard,
    WakeScored,
)


class Runs:
    """Hears the bus while `serve` runs. `keeps_audio`: whether anybody calls `keep`."""

    def __init__(self, bus: Bus, *, keeps_audio: bool) -> None:
        self._bus = bus
        self._keeps_audio = keeps_audio
        self._under_way: OrderedDict[str, Draft] = OrderedDict()
        self._spoken: OrderedDict[str, Draft] = OrderedDict()
        self._aside: OrderedDict[str, Draft] = OrderedDict()
        self._sound: OrderedDict[str, bytes] = OrderedDict()
        self._near_misses = 0
        self._hear: dict[type[_Heard], Callable[[Any, float], None]] = {
            VoiceHeard: self._milestone,
            Transcript: self._transcript,
            TurnStarted: self._started,
            TurnTool: self._tool,
            TurnText: self._text,
            TurnFinished: self._finished,
            AnswerHeard: self._answer_heard,
            WakeScored: self._scored,
        }

    def newest(self, limit: int) -> tuple[Run, ...]:
        """The last runs, near misses among them, newest first."""
        # The event loop's clock and the calendar's: a run is told by the second.
        began_s = time.time() - asyncio.get_running_loop().time()
        drafts = sorted(
            (*self._spoken.values(), *self._aside.values()), key=Draft.zero_s, reverse=True
        )
        return tuple(
            draft.run(began_s, has_audio=draft.turn_id in self._sound) for draft in drafts[:limit]
        )

    def keep(self, turn_id: str, pcm: bytes) -> None:
        """Keep the sound of a run, 16 kHz mono int16: its last seconds when it is long."""
        self._sound.pop(turn_id, None)
        self._sound[turn_id] = bytes(pcm[-samples(LONGEST_SOUND_S) * SAMPLE_BYTES :])
        _shrink(self._sound, KEPT_RUNS)

    def sound(self, turn_id: str) -> bytes:
        """What was kept. Raises NotFoundError that says why there is none."""
        if (pcm := self._sound.get(turn_id)) is not None:
            return pcm
        if turn_id not in self._spoken and turn_id not in self._aside:
            raise NotFoundError("There is no such run any more; the last ones are kept.")
        if not self._keeps_audio:
            raise NotFoundError(
                "The sound of runs is not kept. To allow it, put “keep_audio: [runs]” under"
                " “voice:” in config.yaml and start PiChat again."
            )
        raise NotFoundError("Of this run no sound was kept: no command was taken in.")

    async def serve(self) -> None:
        """Gather for ever. An owner runs this in a task."""
        while True:
            with self._bus.subscribe(*_KINDS, maxsize=_WAITING_EVENTS) as events:
                try:
                    await self._gather(events)  # type: ignore[arg-type]
                except BusyError:
                    self._lost()
                except Exception:  # the owner's boundary: one bad event must not end the record
                    log.exception("runs failed")

    async def _gather(self, events: Subscription[_Heard]) -> None:
        now_s = asyncio.get_running_loop().time
        while True:
            event = await events.get()
            self._hear[type(event)](event, now_s())

    def _lost(self) -> None:
        log.warning("events of runs lost")
        at_s = asyncio.get_running_loop().time()
        for draft in (*self._under_way.values(), *list(self._spoken.values())[-1:]):
            draft.note(at_s, "lost")

    def _draft(self, turn_id: str) -> Draft:
        """The run of this turn; a new one waits until it turns out to be a spoken one."""
        for runs in (self._spoken, self._aside, self._under_way):
            if turn_id in runs:
                return runs[turn_id]
        draft = self._under_way[turn_id] = Draft(turn_id=turn_id)
        _shrink(self._under_way, _UNDER_WAY)
        return draft

    def _list(self, draft: Draft, *, aside: bool) -> None:
        self._under_way.pop(draft.turn_id, None)
        runs, most = (self._aside, _KEPT_ASIDE) if aside else (self._spoken, KEPT_RUNS)
        if draft.turn_id not in runs:
            runs[draft.turn_id] = draft
            for turn_id in _shrink(runs, most):
                self._sound.pop(turn_id, None)

    def _milestone(self, event: VoiceHeard, _now_s: float) -> None:
        draft = self._draft(event.turn_id)
        draft.note(event.at_s, event.what, event.detail)
        match event.what:
            case "wake":
                draft.station = event.station
                draft.known |= {"woken_by": event.detail, "scores": dict(event.scores)}
                self._list(draft, aside=False)
            case "stood_down":
                draft.station, draft.kind = event.station, "stood_down"
                draft.known |= {"woken_by": event.detail, "scores": dict(event.scores)}
                self._list(draft, aside=True)
            case what if what in (*ENDS, "gave_up"):
                why = event.detail if what == "speech_end" else what
                draft.known["ended_by"] = why
            case "transcribed":
                draft.known["recognised_by"] = event.detail
            case "interrupted":
                draft.known["interrupted_by"] = event.detail

    def _transcript(self, event: Transcript, now_s: float) -> None:
        draft = self._draft(event.turn_id)
        if event.final:
            draft.note(now_s, "transcript", event.text)
            draft.known["heard"] = short(event.text, LONGEST_TEXT)
        else:
            draft.note(now_s, "partial", event.text, chatty=True)

    def _started(self, event: TurnStarted, now_s: float) -> None:
        if event.source != "voice":
            return
        draft = self._draft(event.turn_id)
        draft.note(now_s, "understood", event.text)
        draft.known["provider"] = event.provider

    def _tool(self, event: TurnTool, _now_s: float) -> None:
        if self._is_spoken(event.turn_id):
            self._draft(event.turn_id).use(event)

    def _text(self, event: TurnText, now_s: float) -> None:
        if self._is_spoken(event.turn_id):
            draft = self._draft(event.turn_id)
            draft.answer = short(draft.answer + event.text, LONGEST_ANSWER)
            draft.note(now_s, "said", event.text, chatty=True)

    def _finished(self, event: TurnFinished, now_s: float) -> None:
        if self._is_spoken(event.turn_id):
            draft = self._draft(event.turn_id)
            draft.note(now_s, "finished", event.text)
            draft.known |= {
                "answer": short(event.text or draft.answer, LONGEST_ANSWER),  # "": cancelled
                "code": event.code,
                "provider": event.provider,
            }

    def _answer_heard(self, event: AnswerHeard, now_s: float) -> None:
        if self._is_spoken(event.turn_id):
            draft = self._draft(event.turn_id)
            draft.note(now_s, "heard", event.text)
            heard = short(event.text, LONGEST_ANSWER)
            draft.known |= {"answer_heard": heard, "whole": event.whole}

    def _scored(self, event: WakeScored, now_s: float) -> None:
        if event.near_miss is None:
            return
        self._near_misses += 1
        word = event.near_miss
        draft = Draft(turn_id=f"near-{self._near_misses}", kind="near_miss")
        draft.station = event.station
        scores = {engine: words[word] for engine, words in event.scores.items() if word in words}
        draft.known |= {"woken_by": word, "scores": scores}
        draft.note(now_s, "near_miss", word)
        self._list(draft, aside=True)

    def _is_spoken(self, turn_id: str) -> bool:
        """Turns that were typed publish the same events."""
        return turn_id in self._spoken or turn_id in self._under_way


def _shrink(kept: OrderedDict[str, Any], most: int) -> list[str]:
    """Let the oldest go; their keys."""
    return [kept.popitem(last=False)[0] for _ in range(len(kept) - most)]
