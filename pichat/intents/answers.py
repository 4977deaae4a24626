"""Answers: our own in English, elsewhere the package's templates fed with the states."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from pichat.errors import WaitingError
from pichat.events import Device, DeviceOutcome, ToolResult
from pichat.intents import english, pairing
from pichat.intents.language import Language
from pichat.intents.names import domains
from pichat.intents.understood import Understood

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment


log = structlog.get_logger(__name__)

NOTHING_TO_SAY = "OK"
"""When a language's package has no template for an answer: understood in all of them."""

FALLBACK_ERROR = "An unexpected error occurred"
UNITS = {"temperature": "°C", "target_temperature": "°C", "humidity": "%", "battery": "%"}
UNITS |= {"power": "W", "energy": "kWh", "brightness": "%", "illuminance": "lx"}
_SPACES = re.compile(r"\s+")


class Answers:
    """Answers of one language."""

    def __init__(self, language: Language, devices: Callable[[], Sequence[Device]]) -> None:
        self._language = language
        self._devices = devices
        self._templates: dict[str, Template] = {}
        self._environment: SandboxedEnvironment | None = None

    def text(self, understood: Understood, results: Sequence[ToolResult]) -> str:
        """See Intents.answer."""
        if not understood.calls:
            return ""
        if understood.calls[0].name == pairing.PAIR_SCREEN:
            return pairing.told(results[0].value, self._language.code.partition("-")[0])
        if self._language.code == "en":
            return english.answer(understood, results, self._devices())
        outcomes = [outcome for result in results for outcome in result.outcomes]
        failed = [outcome for outcome in outcomes if not outcome.ok]
        told = "" if failed and len(failed) == len(outcomes) else self._told(understood, results)
        # A command is done when every device did it; a question may be answered in part.
        if failed and understood.calls[0].name == "set_device_state":
            told = ""
        # What waits for a sleeping device has not failed; the package has no words for it.
        waits = [o.error for o in failed if o.error_code == WaitingError.code and o.error]
        failed = [o for o in failed if o.error_code != WaitingError.code]
        return " ".join(part for part in (told, self._failure(failed), *waits) if part)

    def not_understood(self) -> str:
        """See Intents.not_understood."""
        template = self._language.errors.get("no_intent")
        if self._language.code == "en" or template is None:
            return english.NOT_UNDERSTOOD
        return self._render(template, {})

    def _failure(self, failed: list[DeviceOutcome]) -> str:
        if not failed:
            return ""
        names = ", ".join(dict.fromkeys(outcome.device_name for outcome in failed))
        error = self._language.errors.get("handle_error", FALLBACK_ERROR)
        return f"{self._render(error, {}).rstrip('.')}: {names}."

    def _told(self, understood: Understood, results: Sequence[ToolResult]) -> str:
        responses = self._language.responses.get(understood.intent, {})
        template = responses.get(understood.response) or responses.get("default")
        if template is None:
            template = next(iter(responses.values()), None)
        known = [o for result in results for o in result.outcomes if o.state is not None]
        text = ""
        if template is not None:
            text = self._render(template, self._variables(understood, results, known))
        return text or self._bare(known) or NOTHING_TO_SAY

    def _bare(self, known: list[DeviceOutcome]) -> str:
        """The value alone, in a language without a sentence for it."""
        if not known or known[0].capability not in UNITS:
            return ""
        return f"{_number(known[0].state)} {UNITS[known[0].capability]}"

    def _variables(
        self, understood: Understood, results: Sequence[ToolResult], known: list[DeviceOutcome]
    ) -> dict[str, Any]:
        slots = {k: v for k, v in understood.slots.items() if k != "said"}
        slots |= understood.slots.get("said", {})
        call = understood.calls[0].name
        if call == "get_time":
            slots["time"] = dt.time.fromisoformat(str(results[0].value))
        if call == "get_date":
            slots["date"] = dt.date.fromisoformat(str(results[0].value))
        by_id = {device.id: device for device in self._devices()}
        states = [_state(outcome, by_id.get(outcome.device_id)) for outcome in known]
        wanted = str(understood.slots.get("state"))
        matched = [s for s, o in zip(states, known, strict=True) if english.fits(o, wanted)]
        attributes = {state["entity_id"]: state["attributes"] for state in states}
        return {
            "slots": slots,
            "state": states[0] if states else {},
            "query": {
                "matched": matched,
                "unmatched": [state for state in states if state not in matched],
            },
            "state_attr": lambda entity, name: attributes.get(entity, {}).get(name),
        }

    def _render(self, template: str, variables: dict[str, Any]) -> str:
        from jinja2 import TemplateError

        compiled = self._templates.get(template)
        try:
            if compiled is None:
                compiled = self._templates[template] = self._sandbox().from_string(template)
            text = compiled.render(variables)
        # The package's templates are written for Home Assistant's own functions and states.
        except (TemplateError, TypeError, ValueError, KeyError, ArithmeticError) as error:
            log.warning("template failed", language=self._language.code, error=str(error))
            return ""
        return _SPACES.sub(" ", text).strip()

    def _sandbox(self) -> SandboxedEnvironment:
        if self._environment is None:
            from jinja2.sandbox import SandboxedEnvironment

            self._environment = SandboxedEnvironment(autoescape=False)
        return self._environment


def _number(value: Any) -> Any:
    """A number without needless decimals; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    rounded = round(float(value), 1)
    return int(rounded) if rounded.is_integer() else rounded


def _state(outcome: DeviceOutcome, device: Device | None) -> dict[str, Any]:
    """The outcome as Home Assistant's templates expect a state."""
    value = str(_number(outcome.state))
    if outcome.capability in ("on_off", "contact", "occupancy"):
        value = "on" if outcome.state else "off"
    elif outcome.capability in ("lock", "cover_position"):
        value = "open" if english.fits(outcome, "open") else "closed"
        if outcome.capability == "lock":
            value = "locked" if outcome.state else "unlocked"
    unit = UNITS.get(outcome.capability)
    number = _number(outcome.state)
    return {
        "entity_id": outcome.device_id,
        "name": outcome.device_name,
        "domain": domains(device)[0] if device else "",
        "state": value,
        "state_with_unit": f"{value} {unit}" if unit else value,
        "attributes": {
            "friendly_name": outcome.device_name,
            "current_temperature": number if outcome.capability == "temperature" else None,
            "temperature": number if outcome.capability == "target_temperature" else None,
            "current_position": number if outcome.capability == "cover_position" else None,
        },
    }
