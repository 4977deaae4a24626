"""Sentences that people may say to this house, sampled from the very templates that understand
them, so that the recogniser's language and the intents cannot drift apart."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from hassil.expression import (
    Alternative,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.intents import RangeSlotList, TextSlotList
from hassil.numbers import get_rbnf_engine

from pichat.events import Device
from pichat.intents import (  # noqa: F401 (their handlers register)
    actions,
    alarms,
    appliances,
    consent,
    joining,
    pairing,
    questions,
    scenes,
)
from pichat.intents.fitting import fitting
from pichat.intents.language import Language
from pichat.intents.match import HANDLERS, Match
from pichat.intents.names import slot_lists

SHARES = {
    "HassTurnOn": 20,
    "HassTurnOff": 20,
    "HassLightSet": 18,
    "HassGetState": 12,
    "HassSetPosition": 6,
    "HassClimateSetTemperature": 8,
    "HassClimateGetTemperature": 6,
    "PiChatGetValue": 10,
    "PiChatGetOccupancy": 3,
    "PiChatBrightnessStep": 5,
    "PiChatActivateScene": 4,
    "PiChatPermitJoin": 2,
    "PiChatPairScreen": 2,
    "HassFanSetSpeed": 3,
    "PiChatFanMode": 3,
    "PiChatThermostatMode": 3,
    "PiChatSiren": 2,
    "PiChatTilt": 2,
    "PiChatStopCover": 2,
    "PiChatGetAlarm": 3,
    "PiChatGetAirQuality": 2,
    "HassGetCurrentTime": 3,
    "HassGetCurrentDate": 3,
    "HassNevermind": 4,
    "PiChatYes": 3,
    "PiChatNo": 3,
}
"""Relative numbers; the package has many more ways to set a lamp than to ask for the time."""

BEFORE = ("please", "can you", "could you", "would you", "could you please", "can you please")
AFTER = ("please", "please", "for me", "thank you", "now")
POLITE_SHARE = 0.12
TRIES_PER_SENTENCE = 4

_QUESTION = re.compile(r"^(is|are|what|which|how|do|did|who|tell)\b|^what")
_NOT_SPOKEN = re.compile(r"[^\w\s']+")
_CONTRACTED = {"whats": "what's", "hows": "how's", "todays": "today's", "k": "kelvin"}


class Draft(msgspec.Struct):
    """A sentence being written: what a recogniser of it would have found."""

    slots: dict[str, Any]
    context: dict[str, Any]
    named: list[tuple[str, ...]]
    areas: list[str]


class Sampler:
    """Draws sentences that mean something in this house. Deterministic for a seed."""

    def __init__(self, language: Language, devices: Sequence[Device], seed: int = 1) -> None:
        language = fitting(language, devices)
        self._code = language.code
        self._devices = tuple(devices)
        self._rules = language.sentences.expansion_rules
        self._lists = {**language.sentences.slot_lists, **slot_lists(devices, language.code)}
        self._intents = language.sentences.intents
        self._random = random.Random(seed)  # noqa: S311 (a sample, not a secret)

    def sample(self, count: int) -> Iterator[str]:
        """About `count` sentences as words: lower case, numbers spelt out, no marks."""
        whole = sum(SHARES[name] for name in self._intents if name in SHARES)
        for name, intent in self._intents.items():
            templates = [
                (data, sentence)
                for data in intent.data
                if "area" not in data.requires_context
                for sentence in data.sentences
            ]
            wanted = count * SHARES.get(name, 0) // whole
            usable = [t for t in templates if self._usable(name, *t)]
            for turn in range(wanted if usable else 0):
                text = self._try(name, *usable[turn % len(usable)])
                if text:
                    yield self._spoken(text)

    def _usable(self, intent: str, data: Any, sentence: Any) -> bool:
        """Whether this house has anything that the template can be about."""
        return any(self._once(intent, data, sentence) for _ in range(3 * TRIES_PER_SENTENCE))

    def _try(self, intent: str, data: Any, sentence: Any) -> str | None:
        for _ in range(TRIES_PER_SENTENCE):
            text = self._once(intent, data, sentence)
            if text:
                return text
        return None

    def _once(self, intent: str, data: Any, sentence: Any) -> str | None:
        draft = Draft(slots=dict(data.slots), context={}, named=[], areas=[])
        domain = data.requires_context.get("domain")
        required = {k: v for k, v in data.requires_context.items() if k != "domain"}
        text = self._write(sentence.expression, draft, domain, required)
        if text is None:
            return None
        match = Match(
            intent=intent,
            response=data.response or "default",
            slots=draft.slots,
            named=tuple(draft.named),
            areas=tuple(draft.areas),
            here=None,
            devices=self._devices,
        )
        return text if HANDLERS[intent](match) is not None else None

    def _write(self, node: Any, draft: Draft, domain: Any, required: dict[str, Any]) -> str | None:
        """A random text of an expression, or None where nothing fits."""
        if isinstance(node, TextChunk):
            return str(node.original_text)
        if isinstance(node, Alternative):
            return self._write(self._alternative(node), draft, domain, required)
        if isinstance(node, Group):
            items = list(node.items)
            if isinstance(node, Permutation):
                self._random.shuffle(items)
            parts = [self._write(item, draft, domain, required) for item in items]
            return None if None in parts else "".join(part for part in parts if part is not None)
        if isinstance(node, RuleReference):
            return self._write(self._rules[node.rule_name].expression, draft, domain, required)
        if isinstance(node, ListReference):
            return self._fill(node, draft, domain, required)
        raise TypeError(f"hassil has a new kind of expression: {node!r}")

    def _alternative(self, node: Any) -> Any:
        """One of a template's alternatives; the first ones are what people say most."""
        if node.is_optional:
            return self._random.choice(node.items)
        weights = [(place + 1) ** -1.5 for place in range(len(node.items))]
        return self._random.choices(node.items, weights)[0]

    def _value(self, values: Sequence[Any], slot: str) -> Any:
        """One of a list's values: own names before their variants, and the classes that this
        house speaks of before the rest."""
        if slot == "name":
            own = [v for v in values if v.text_in.text == v.value_out.casefold()]
            return self._random.choice(own if own and self._random.random() < 0.8 else values)
        if slot == "device_class":
            names = " ".join(device.name.casefold() for device in self._devices)
            weights = [10 if str(v.value_out) in names else 1 for v in values]
            return self._random.choices(values, weights)[0]
        return self._random.choice(values)

    def _fill(self, node: Any, draft: Draft, domain: Any, required: dict[str, Any]) -> str | None:
        values = self._lists.get(node.list_name)
        if isinstance(values, RangeSlotList):
            return self._fill_number(node, values, draft)
        if not isinstance(values, TextSlotList) or not values.values:
            return None
        fitting = values.values
        if node.list_name == "name":
            fitting = [v for v in fitting if _fits(v.context or {}, domain, required)]
            if not fitting:
                return None
        value = self._value(fitting, node.slot_name)
        if node.list_name == "name":
            draft.named.append(value.metadata["ids"])
        elif node.list_name == "area":
            draft.areas.append(value.value_out)
        draft.slots[node.slot_name] = value.value_out
        return self._write(value.text_in, draft, domain, required)

    def _fill_number(self, node: Any, values: Any, draft: Draft) -> str:
        number = self._number(values.start, values.stop, values.step, node.list_name)
        if values.fraction_type and self._random.random() < 0.06:
            number += 0.5
        draft.slots[node.slot_name] = number
        return self._words(number)

    def _number(self, start: int, stop: int, step: int, name: str) -> float:
        """People say 20 degrees and 50 percent more often than 83 of either."""
        draw = self._random.random()
        if name == "temperature":
            return self._random.randint(15, 26) if draw < 0.8 else self._random.randint(5, 30)
        if stop == 100 and draw < 0.7:
            return self._random.randrange(0, 101, 5)
        return self._random.randrange(start, stop + 1, step)

    def _words(self, number: float) -> str:
        return f" {get_rbnf_engine(self._code).format_number(number).text} ".replace("-", " ")

    def _spoken(self, text: str) -> str:
        text = text.casefold().replace("%", " percent").replace("°", " degrees")
        words = [_CONTRACTED.get(w, w) for w in _NOT_SPOKEN.sub(" ", text).split()]
        text = " ".join(words)
        if self._random.random() >= POLITE_SHARE:
            return text
        if _QUESTION.match(text):
            return f"{text} please"
        if self._random.random() < 0.6:
            return f"{self._random.choice(BEFORE)} {text}"
        return f"{text} {self._random.choice(AFTER)}"


def _fits(context: dict[str, Any], domain: Any, required: dict[str, Any]) -> bool:
    if domain is not None and context["domain"] not in (
        [domain] if isinstance(domain, str) else domain
    ):
        return False
    return all(context.get(key) == value for key, value in required.items())
