"""Who fails again and again is left alone for a while, and tried again in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import structlog

from pichat.errors import BusyError, PiChatError
from pichat.health import Health
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from pichat.worker.rest import FIRST_S, Rest

log = structlog.get_logger(__name__)

PART = "thinking"
PATIENCE_S = 1.0
"""Who takes longer to fail is not even forgiven the first time: somebody has waited for it."""
PROBE_S = 5.0
"""How long a probe may take."""

Probe = Callable[[], Awaitable[None]]


@runtime_checkable
class Probing(Protocol):
    """A provider that can tell whether it would answer, without a model at work."""

    async def probe(self) -> None:
        """Raises the errors of errors.py, like `stream`."""
        ...


class RestingError(PiChatError):
    """It is not asked, because it failed lately."""

    code: ClassVar[str] = "resting"
    retryable: ClassVar[bool] = True


def _now_s() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class _Patient:
    """What is remembered of a step. `unwell`: it began to rest, and has not worked since."""

    rest: Rest = field(default_factory=lambda: Rest(_now_s))
    until_s: float = 0.0
    unwell: bool = False
    probed: bool = False  # just now
    sentence: str = ""


class Resting:
    """The steps of all chains by their `use`, and the part `thinking` on the board: degraded while
    every one that was asked is unwell. `probe_of`: how a step is tried, None where it cannot be.

    The pauses grow from one failure in a row to the next; what a rate limit asks for is kept.
    Without a probe, the next question after the pause is the trial.
    """

    def __init__(self, probe_of: Callable[[str], Probe | None], health: Health) -> None:
        self._probe_of = probe_of
        self._health = health
        self._patients: dict[str, _Patient] = {}
        self._news = asyncio.Event()

    def check(self, use: str) -> None:
        """Raises RestingError while it rests."""
        patient = self._patients.get(use)
        if patient is None or not patient.unwell:
            return
        left_s = patient.until_s - _now_s()
        if patient.probed or left_s > 0:
            raise RestingError(f"{use} failed lately and rests for another {max(left_s, 0):.0f} s.")

    def failed(self, use: str, error: PiChatError, took_s: float) -> None:
        """Count a failure, if it is one that may pass and not just a full queue."""
        if not error.retryable or isinstance(error, BusyError):
            return
        patient = self._patients.setdefault(use, _Patient())
        pause_s = patient.rest.failed()
        limited = isinstance(error, RateLimitedError)
        if limited or took_s > PATIENCE_S:
            pause_s = max(pause_s, FIRST_S)
        if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
            pause_s = max(pause_s, error.retry_after_s)
        patient.sentence = error.sentence
        patient.until_s = _now_s() + pause_s
        patient.unwell = patient.unwell or pause_s > 0
        if pause_s:
            log.info("model rests", use=use, code=error.code, pause_s=pause_s)
        self._show()
        self._news.set()

    def answered(self, use: str) -> None:
        """It works: what it did before is forgotten."""
        self._patients[use] = _Patient()
        self._show()

    def forget(self) -> None:
        """Nobody rests any more: they are others now."""
        self._patients.clear()
        self._news.set()

    async def serve(self) -> None:
        """Probe each that rests when its pause is over. Ends only by being cancelled."""
        while True:
            self._news.clear()
            try:
                async with asyncio.timeout_at(self._next_s()):
                    await self._news.wait()
            except TimeoutError:
                due = [use for use, at_s in self._trials().items() if at_s <= _now_s()]
                await asyncio.gather(*map(self._try, due))

    def _trials(self) -> dict[str, float]:
        """When each that can be probed should be."""
        return {
            use: patient.until_s
            for use, patient in self._patients.items()
            if patient.unwell and self._probe_of(use) is not None
        }

    def _next_s(self) -> float | None:
        return min(self._trials().values(), default=None)

    async def _try(self, use: str) -> None:
        patient, probe = self._patients[use], self._probe_of(use)
        if probe is None:
            return
        patient.probed = True
        try:
            async with asyncio.timeout(PROBE_S):
                await probe()
        except ModelRefusedError:
            self._back(patient)  # it is there, and the question may still suit it
        except TimeoutError:
            self.failed(use, ModelFailedError(f"{use} does not answer."), 0)
        except PiChatError as error:
            self._failed_probe(use, error)
        except Exception:  # a provider's defect must not end the trials of the others
            log.exception("probe failed", use=use)
            self.failed(use, ModelFailedError(f"{use} failed unexpectedly; the log has more."), 0)
        else:
            self._back(patient)
        finally:
            patient.probed = False

    def _failed_probe(self, use: str, error: PiChatError) -> None:
        """Whatever its error says: as long as it lasts, the step rests."""
        passing = error.retryable and not isinstance(error, BusyError)
        self.failed(use, error if passing else ModelFailedError(error.sentence), 0)

    def _back(self, patient: _Patient) -> None:
        """It may be asked again. Its failures count on until it has answered."""
        patient.unwell = False
        self._show()

    def _show(self) -> None:
        patients = self._patients.values()
        if patients and all(patient.unwell for patient in patients):
            reasons = dict.fromkeys(patient.sentence for patient in patients)
            self._health.set(PART, "degraded", " ".join(reasons))
        else:
            self._health.set(PART, "ok")
