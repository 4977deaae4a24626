"""The question before a marked device is opened or changed."""

from __future__ import annotations

from collections.abc import Sequence

from pichat.events import Device, State
from pichat.intents import english, phrases

_NAMED = 3
"""More devices than that are counted: the question is listened to."""

_OTHERS: dict[str, dict[str, str]] = {
    "de": {
        "unlock": "Soll ich aufschließen: {names}?",
        "open": "Soll ich öffnen: {names}?",
        "position": "Soll ich auf {value} Prozent öffnen: {names}?",
        "degrees": "Soll ich auf {value} Grad stellen: {names}?",
        "on": "Soll ich einschalten: {names}?",
        "off": "Soll ich ausschalten: {names}?",
        "sound": "Soll ich auslösen: {names}?",
        "change": "Soll ich verstellen: {names}?",
    },
    "es": {
        "unlock": "¿Desbloqueo {names}?",
        "open": "¿Abro {names}?",
        "position": "¿Abro {names} al {value} por ciento?",
        "degrees": "¿Pongo {names} a {value} grados?",
        "on": "¿Enciendo {names}?",
        "off": "¿Apago {names}?",
        "sound": "¿Activo {names}?",
        "change": "¿Cambio {names}?",
    },
    "fr": {
        "unlock": "Dois-je déverrouiller {names} ?",
        "open": "Dois-je ouvrir {names} ?",
        "position": "Dois-je ouvrir {names} à {value} pour cent ?",
        "degrees": "Dois-je régler {names} sur {value} degrés ?",
        "on": "Dois-je allumer {names} ?",
        "off": "Dois-je éteindre {names} ?",
        "sound": "Dois-je déclencher {names} ?",
        "change": "Dois-je modifier {names} ?",
    },
    "it": {
        "unlock": "Devo sbloccare {names}?",
        "open": "Devo aprire {names}?",
        "position": "Devo aprire {names} al {value} per cento?",
        "degrees": "Devo impostare {names} a {value} gradi?",
        "on": "Devo accendere {names}?",
        "off": "Devo spegnere {names}?",
        "sound": "Devo attivare {names}?",
        "change": "Devo cambiare {names}?",
    },
    "nl": {
        "unlock": "Zal ik {names} ontgrendelen?",
        "open": "Zal ik {names} openen?",
        "position": "Zal ik {names} voor {value} procent openen?",
        "degrees": "Zal ik {names} op {value} graden zetten?",
        "on": "Zal ik {names} aanzetten?",
        "off": "Zal ik {names} uitzetten?",
        "sound": "Zal ik {names} laten afgaan?",
        "change": "Zal ik {names} veranderen?",
    },
}
"""Without articles, which the names' genders would decide."""


def question_text(
    devices: Sequence[Device], capability: str, value: State, language: str = "en"
) -> str:
    """What to ask, in the language where there are words for it, else in English."""
    what = _what(capability, value)
    others = _OTHERS.get(language.split("-")[0])
    if others is None:
        return _english(devices, capability, value, what)
    names = ", ".join(device.name for device in devices)
    return others[what].format(names=names, value=_number(value))


def _what(capability: str, value: State) -> str:
    if capability == "lock":
        return "unlock"
    if capability == "siren":
        return "sound"
    if capability == "cover_motion":
        return "open"
    if capability == "cover_position":
        return "open" if value == 100 else "position"
    if capability == "target_temperature":
        return "degrees"
    if capability == "on_off":
        return "on" if value else "off"
    return "change"


def _english(devices: Sequence[Device], capability: str, value: State, what: str) -> str:
    names = _names(devices, what)
    ways = {
        "unlock": f"unlock {names}",
        "open": f"open {names}",
        "position": f"open {names} to {_number(value)} percent",
        "degrees": f"set {names} to {_number(value)} degrees",
        "on": f"turn on {names}",
        "sound": f"sound {names}",
        "off": f"turn off {names}",
        "change": f"change the {capability.replace('_', ' ')} of {names}",
    }
    return f"Shall I {ways[what]}?"


def _names(devices: Sequence[Device], what: str) -> str:
    if len(devices) > _NAMED:
        kinds = {device.kind for device in devices}
        noun = english.NOUN_OF_KIND.get(kinds.pop(), "devices") if len(kinds) == 1 else "devices"
        return f"{len(devices)} {noun}"
    names = (phrases.the(device.name) for device in devices)
    # "Unlock the front door", not its lock.
    return phrases.listed(n.removesuffix(" lock") if what == "unlock" else n for n in names)


def _number(value: State) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return phrases.number(value) if is_number else str(value)
