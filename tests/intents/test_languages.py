"""Every language of the package turns a device on and off, and has something to say about it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from hassil.intents import TextSlotList
from hassil.sample import sample_sentence

from pichat.intents.language import load, supported_languages
from pichat.intents.understand import Intents
from tests.intents.effects import carried_out, effects
from tests.intents.house import BRIGHTNESS, ON_OFF, device

HOUSE = (device(1, "Tumba", "Zeno", "light", (ON_OFF, BRIGHTNESS), {}),)
QUICK = ("ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "ru", "zh-CN")


def own_sentences(language: str, intent: str) -> Iterator[str]:
    """One sentence of each of the language's templates that switch a light by its name."""
    sentences = load(language).sentences
    names = {"name": "Tumba", "area": "Zeno", "floor": "Nada"}
    lists = {k: TextSlotList.from_strings([v], name=k) for k, v in names.items()}
    for data in sentences.intents[intent].data:
        domain = data.requires_context.get("domain", "light")
        if "light" not in domain or data.requires_context.keys() - {"domain"}:
            continue
        rules = {**sentences.expansion_rules, **data.expansion_rules}
        for template in data.sentences:
            if "name" in template.list_names(rules):
                yield from islice(
                    sample_sentence(
                        template,
                        {**sentences.slot_lists, **lists},
                        rules,
                        language=language,
                        skip_optionals=True,
                    ),
                    1,
                )


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(each, marks=[] if each in QUICK else [pytest.mark.long])
        for each in supported_languages()
    ],
)
def test_on_and_off(language: str) -> None:
    intents = Intents(language, lambda: HOUSE)
    for intent, on in (("HassTurnOn", True), ("HassTurnOff", False)):
        wanted = {("set_device_state", "on_off", "Tumba", on)}
        found = [intents.understand(text) for text in own_sentences(language, intent)]
        good = [u for u in found if u is not None and effects(u.calls, HOUSE) == wanted]
        assert good
        assert len(good) >= 0.8 * len(found)
        assert intents.answer(good[0], carried_out(good[0], HOUSE))
