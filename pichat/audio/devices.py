"""Which of PortAudio's devices are meant by a name, best first. Pure choice: nothing is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pichat.audio.cards import Card, Kind
from pichat.errors import UnavailableError

SoundSystem = Literal["alsa", "pulse"]
_SERVERS = ("pipewire", "pulse")
_SIDES: dict[Kind, str] = {"microphone": "input", "speaker": "output"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device to try. `name` is how it is told to people; `card` is what it stands on, if that
    is known; `entry` is PortAudio's, or None when PortAudio cannot open the card: it is taken."""

    name: str
    card: Card | None
    entry: dict[str, Any] | None


def candidates(
    listed: Sequence[dict[str, Any]],
    cards: Sequence[Card],
    kind: Kind,
    wanted: str,
    system: SoundSystem,
    remembered: str | None = None,
) -> list[Candidate]:
    """The devices to try, one after the other, for `wanted`: `default` or a name.

    With `alsa`, a name is a card's id or a part of its name, and `default` the card whose id was
    `remembered`, else the first one of that side; then, because a taken card is often the sound
    server's, that server. With `pulse`, `default` is the server. Without cards or server it is
    PortAudio's own default, and a name that fits none a part of one of PortAudio's own names.
    Raises UnavailableError naming what is there.
    """
    usable = [entry for entry in listed if entry[f"max_{_SIDES[kind]}_channels"] > 0]
    servers = [
        Candidate(entry["name"], None, entry)
        for name in _SERVERS
        for entry in usable
        if entry["name"].casefold() == name
    ]
    of_side = [card for card in cards if card.devices(kind)] if system == "alsa" else []
    meant = [card for card in of_side if wanted == "default" or card.is_called(wanted)]
    if meant:
        card = next((card for card in meant if card.id == remembered), meant[0])
        return [_on_card(card, kind, usable), *servers]
    if wanted == "default" and servers and system == "pulse":
        return servers
    # PortAudio calls its default device just that, where there is one.
    named = [entry for entry in usable if wanted.casefold() == entry["name"].casefold()]
    named += [entry for entry in usable if wanted.casefold() in entry["name"].casefold()]
    if wanted == "default":
        named += usable
    if not named:
        raise UnavailableError(_unknown(kind, wanted, of_side, usable))
    return [Candidate(named[0]["name"], None, named[0])]


def _on_card(card: Card, kind: Kind, usable: Sequence[dict[str, Any]]) -> Candidate:
    """PortAudio lists no hardware that it could not open while it was initialised."""
    places = [f"(hw:{card.index},{device})" for device in card.devices(kind)]
    entry = next((entry for place in places for entry in usable if place in entry["name"]), None)
    return Candidate(card.name, card, entry)


def _unknown(
    kind: Kind, wanted: str, cards: Sequence[Card], usable: Sequence[dict[str, Any]]
) -> str:
    if not cards and not usable:
        return f"No {kind} is connected."
    names = [card.name for card in cards] + [
        entry["name"] for entry in usable if "(hw:" not in entry["name"]
    ]
    there = ", ".join(f"“{name}”" for name in names[:6])
    return f"No {kind} is called “{wanted}”; there is {there}."
