"""Looking into what was spoken: what was heard, decided and said, and how long it took."""

import asyncio
import base64
from typing import Annotated

import msgspec

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.turn.kept import wav_of
from pichat.turn.run import Run

_MOST = 40


class GetRuns(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=_MOST)] = _MOST


class RunsList(msgspec.Struct, frozen=True, kw_only=True):
    runs: tuple[Run, ...]


class GetRunAudio(msgspec.Struct, frozen=True, kw_only=True):
    turn_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class RunAudio(msgspec.Struct, frozen=True, kw_only=True):
    """`data` is base64 of a WAV file."""

    turn_id: str
    format: str
    seconds: float
    data: str


@action("get_runs", needs="screen", example={"limit": 20})
def get_runs(context: Context, payload: GetRuns) -> RunsList:
    """List the last spoken runs, newest first: at most 20, and as many near misses and wakes that
    were left to another station. They are kept in memory only."""
    return RunsList(runs=context.services.runs.newest(payload.limit))


@action("get_run_audio", needs="screen", example={"turn_id": "1f0c6d1f3ab54c6e"})
async def get_run_audio(context: Context, payload: GetRunAudio) -> RunAudio:
    """The sound of a run, if the owner lets it be kept; otherwise not_found, which says how."""
    pcm = context.services.runs.sound(payload.turn_id)
    wav = await asyncio.to_thread(wav_of, pcm)
    return RunAudio(
        turn_id=payload.turn_id,
        format="wav",
        seconds=round(len(pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ, 3),
        data=base64.b64encode(wav).decode(),
    )
