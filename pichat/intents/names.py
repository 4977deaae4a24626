"""What devices and rooms are called: the slot lists that sentences refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pichat.events import Device
from pichat.tools.others import SCENE_CAPABILITY, scenes_in

if TYPE_CHECKING:
    from hassil.intents import SlotList, TextSlotValue

DOMAIN_OF_KIND = {
    "light": "light",
    "plug": "switch",
    "switch": "switch",
    "cover": "cover",
    "lock": "lock",
    "thermostat": "climate",
    "fan": "fan",
    "siren": "siren",
    "remote": "sensor",
}
_DIGITS = re.compile(r"\d+")
_MARKS = re.compile(r"[^\w\s']+|_")
_SPACES = re.compile(r"\s+")


def domains(device: Device) -> tuple[str, ...]:
    """Home Assistant's domains that the device would have; sentences ask for them."""
    if device.kind != "sensor":
        own = DOMAIN_OF_KIND[device.kind]
        # By its name a siren is switched like a switch; the package does not know sirens.
        return (own, "switch") if device.kind == "siren" else (own,)
    binary = device.capability("contact") or device.capability("occupancy")
    return ("binary_sensor", "sensor") if binary else ("sensor",)


def spoken_forms(text: str, language: str) -> tuple[str, ...]:
    """A name as it may be typed or said: without marks, with digits also as words."""
    plain = _SPACES.sub(" ", _MARKS.sub(" ", text)).strip()
    forms = [form for form in (text.strip(), plain) if form]
    if _DIGITS.search(plain):
        forms.append(_SPACES.sub(" ", _DIGITS.sub(lambda m: _words(m[0], language), plain)))
    return tuple(dict.fromkeys(forms))


def _words(digits: str, language: str) -> str:
    from hassil.numbers import get_rbnf_engine

    try:
        words = get_rbnf_engine(language).format_number(int(digits)).text
    except ValueError:  # a language without number rules
        return digits
    return f" {words.replace('-', ' ')} "


def aliases(device: Device, language: str) -> Iterator[str]:
    """Every text that names the device, its own name first."""
    forms = spoken_forms(device.name, language)
    yield from forms
    if language != "en" or not forms:
        return
    plain = forms[-1]
    folded = plain.casefold()
    if device.kind == "lock" and folded.endswith(" lock"):
        yield plain[: -len(" lock")]
    if device.kind == "sensor" and not folded.endswith("sensor"):
        yield f"{plain} sensor"
    if device.kind != "light":  # "the kitchen lights" means the room's, not one light
        yield plain[:-1] if folded.endswith("s") and len(plain) > 3 else f"{plain}s"


def slot_lists(devices: Sequence[Device], language: str) -> dict[str, SlotList]:
    """hassil's lists `name`, `area` and `scene`. A name's metadata holds the ids that it may
    mean."""
    from hassil.intents import TextSlotList

    return {
        "name": TextSlotList(name="name", values=list(_name_values(devices, language))),
        "area": TextSlotList.from_tuples(
            [
                (form, area)
                for area in sorted({device.area for device in devices if device.area})
                for form in spoken_forms(area, language)
            ],
            allow_template=False,
            name="area",
        ),
        "scene": TextSlotList(name="scene", values=list(_scene_values(devices, language))),
        "floor": TextSlotList(name="floor", values=[]),
    }


def _scene_values(devices: Sequence[Device], language: str) -> Iterator[TextSlotValue]:
    """Each stands for the scene's id."""
    from hassil.intents import TextSlotValue

    for scene in scenes_in(devices):
        for form in spoken_forms(scene.name, language):
            yield TextSlotValue.from_tuple((form, scene.id), allow_template=False)


def _name_values(devices: Sequence[Device], language: str) -> Iterator[TextSlotValue]:
    from hassil.intents import TextSlotValue

    devices = [device for device in devices if not device.capability(SCENE_CAPABILITY)]
    meant: dict[tuple[str, str], list[Device]] = {}
    own = {form.casefold() for device in devices for form in spoken_forms(device.name, language)}
    for device in devices:
        names = {form.casefold() for form in spoken_forms(device.name, language)}
        for alias in aliases(device, language):
            for domain in domains(device):
                key = (alias.casefold(), domain)
                # A device's own name is never another one's alias where the two could be confused.
                if key[0] in names or key[0] not in own or domain == "lock":
                    same = meant.setdefault(key, [])
                    if device not in same:
                        same.append(device)
    for (alias, domain), same in meant.items():
        context = {c.name: True for device in same for c in device.capabilities}
        yield TextSlotValue.from_tuple(
            (
                alias,
                same[0].name,
                {**context, "domain": domain},
                {"ids": tuple(device.id for device in same)},
            ),
            allow_template=False,
        )
