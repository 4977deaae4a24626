"""A few sentences that this house really understands, to be offered to somebody who does not know
what to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pichat.events import Device
from pichat.intents.phrases import plain
from pichat.intents.understood import Understood

Understand = Callable[[str], Understood | None]

OFFERS = 3
_SAMPLED = 60
_TRIED = 12
"""Sentences of one kind; each takes a few milliseconds on a Pi."""

_KINDS = ("switch", "set", "ask", "always")
_NEEDS = {
    "switch": ("on_off",),
    "set": ("brightness", "cover_position", "target_temperature"),
    "ask": ("temperature", "contact", "humidity", "power"),
}
_ALWAYS = ("HassGetCurrentTime", "HassGetCurrentDate")
_NO_OFFER = ("lock", "siren")
"""What nobody should set off by trying a button."""


def offers(
    language: str,
    devices: Sequence[Device],
    understand: Understand,
    sample: Callable[[Sequence[Device], int], Sequence[str]],
) -> tuple[str, ...]:
    """At most three: one that switches, one that sets, one that asks; fewer in a house that has
    nothing of the kind. `sample`: sentences for a language that has none written here. Any thread;
    takes a tenth of a second or two."""
    devices = [device for device in devices if device.kind not in _NO_OFFER and not device.confirm]
    written = _written(language)
    if not written:
        return tuple(_sampled(devices, understand, sample))
    found = []
    for kind in _KINDS:
        candidates = list(_filled(written.get(kind, {}), kind, devices, language))[:_TRIED]
        chosen = next((text for text in candidates if understand(text) is not None), None)
        if chosen is not None:
            found.append(chosen)
    return tuple(found[:OFFERS])


def _written(language: str) -> dict[str, dict[str, str]]:
    """Sentences by what they do, and by the capability that a device needs for it."""
    import yaml

    text = Path(__file__).parent / "extra" / "offers" / f"{language}.yaml"
    if not text.exists():
        return {}
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text.read_text(encoding="utf-8"))
    return loaded


def _filled(
    sentences: dict[str, str], kind: str, devices: Sequence[Device], language: str
) -> Iterator[str]:
    """The sentences with names in them, of devices that answer first."""
    if kind == "always":
        yield from sentences.values()
        return
    likely = sorted(devices, key=lambda device: (not device.available, device.kind != "light"))
    for capability in _NEEDS[kind]:
        sentence = sentences.get(capability)
        for device in likely if sentence else ():
            found = device.capability(capability)
            fits = found is not None and (found.writable or kind == "ask")
            if fits and sentence and ("{area}" not in sentence or device.area):
                yield sentence.format(
                    name=_within(device.name, language), area=_within(device.area or "", language)
                )


def _within(name: str, language: str) -> str:
    """A name inside a sentence; in English it loses its capital."""
    return plain(name) if language == "en" else name


def _sampled(
    devices: Sequence[Device],
    understand: Understand,
    sample: Callable[[Sequence[Device], int], Sequence[str]],
) -> Iterator[str]:
    """The shortest of each of the first intents; names are put back as their owner writes them."""
    names = [
        (re.compile(rf"\b{re.escape(device.name.casefold())}\b"), device.name) for device in devices
    ]
    shortest: dict[str, str] = {}
    for text in sorted(sample(devices, _SAMPLED), key=len):
        found = next(((sign, name) for sign, name in names if sign.search(text)), None)
        if (understood := understand(text)) is None:
            continue
        written = text
        if found is not None:
            written = found[0].sub(lambda _, name=found[1]: name, text)  # type: ignore[misc]
        elif understood.intent not in _ALWAYS:
            continue
        shortest.setdefault(understood.intent, written[:1].upper() + written[1:])
    yield from list(shortest.values())[:OFFERS]
