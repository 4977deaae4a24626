"""What the calls of a turn have come to, told without a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pichat.errors import PiChatError, WaitingError
from pichat.events import DeviceOutcome, State, ToolResult
from pichat.intents.english import failures, state_words
from pichat.intents.phrases import degrees, listed, number, sentence, the

_WORDS: dict[str, Callable[[Any], str]] = {
    "brightness": lambda value: f"at {number(value)} percent",
    "colour": lambda value: "set to that colour",  # noqa: ARG005
    "colour_temperature": lambda value: f"set to {number(value)} kelvin",
    "target_temperature": lambda value: f"set to {degrees(value)}",
    "temperature": lambda value: f"at {degrees(value)}",
    "humidity": lambda value: f"at {number(value)} percent humidity",
    "battery": lambda value: f"at {number(value)} percent battery",
    "power": lambda value: f"using {number(value)} watts",
    "energy": lambda value: f"at {number(value)} kilowatt hours",
    "voltage": lambda value: f"at {number(value)} volts",
    "illuminance": lambda value: f"at {number(value)} lux",
}


def words_of(capability: str, state: State) -> str:
    """A state as it stands after "is": "on", "at 40 percent"."""
    words = _WORDS.get(capability)
    return words(state) if words else state_words(capability, state)


class Deeds:
    """The outcomes of a turn. A later one of the same device and capability replaces an earlier."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[str, str], DeviceOutcome] = {}
        self._errors: list[PiChatError] = []

    def note(self, result: ToolResult) -> None:
        for outcome in result.outcomes:
            self._outcomes[outcome.device_id, outcome.capability] = outcome

    def note_error(self, error: PiChatError) -> None:
        """A call that could not even be tried."""
        self._errors.append(error)

    @property
    def failure(self) -> PiChatError | None:
        """Of the first device that in the end did not do it; of one that only sleeps when none
        failed."""
        failed = [outcome for outcome in self._outcomes.values() if not outcome.ok]
        for outcome in sorted(failed, key=lambda each: each.error_code == WaitingError.code):
            return PiChatError.of(outcome.error_code, outcome.error or "")
        return None

    @property
    def error(self) -> PiChatError | None:
        """The failure, else why a call could not be tried."""
        return self.failure or next(iter(self._errors), None)

    def told(self) -> str:
        """How every device is now, which failed, and what could not be tried; "" for nothing."""
        alike: dict[str, list[str]] = {}
        for outcome in self._outcomes.values():
            if outcome.state is not None:
                words = words_of(outcome.capability, outcome.state)
                alike.setdefault(words, []).append(the(outcome.device_name))
        parts = [f"{listed(names)} {_be(names)} {words}" for words, names in alike.items()]
        waits = [o for o in self._outcomes.values() if o.error_code == WaitingError.code]
        failed = [o for o in self._outcomes.values() if not o.ok and o not in waits]
        if failed:
            parts.append(failures(failed))
        errors = dict.fromkeys(o.error or "" for o in waits)
        errors |= dict.fromkeys(error.sentence for error in self._errors)
        return " ".join([*map(sentence, parts), *errors])


def _be(names: list[str]) -> str:
    plural = len(names) > 1 or names[0].endswith(("blinds", "curtains", "lights"))
    return "are" if plural else "is"
