"""The recogniser's sentences and the intents cannot drift apart."""

from __future__ import annotations

import random
import re

from pichat.intents.language import load
from pichat.intents.match import NEEDS
from pichat.intents.sentences import SHARES, Sampler
from pichat.intents.understand import Intents
from tests.intents.house import HOUSE, ON_OFF, device


def test_what_is_sampled_is_understood_and_speakable() -> None:
    sentences = list(Sampler(load("en"), HOUSE).sample(3000))
    assert len(sentences) > 2500
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    some = random.Random(4).sample(sentences, 300)
    understood = [intents.understand(text) for text in some]
    assert [text for text, u in zip(some, understood, strict=True) if u is None] == []
    # There are no scenes, fans and the like in that house.
    assert {u.intent for u in understood if u} == set(SHARES) - {"PiChatActivateScene", *NEEDS}
    assert all(re.fullmatch(r"[a-z' ]+", text) for text in sentences)
    assert any(text.startswith(("could you", "please")) for text in sentences)


def test_only_what_the_house_has() -> None:
    house = (device(1, "Lamp 2", "Attic", "light", (ON_OFF,), {}),)
    words = {word for text in Sampler(load("en"), house).sample(2000) for word in text.split()}
    assert {"lamp", "two", "attic", "everything"} <= words
    assert not {"kitchen", "blinds", "thermostat", "humidity", "blue"} & words


def test_right_now_may_be_followed_by_a_please() -> None:
    intents = Intents("en", lambda: HOUSE)
    for text in ("what time is it right now please", "what's the time right now thanks"):
        assert intents.understand(text) is not None, text
