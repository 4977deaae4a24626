"""The kernel's own list of sound cards: what there is, and who has it, without opening anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["microphone", "speaker"]
ASOUND = Path("/proc/asound")

_CARD = re.compile(r"^ *(\d+) \[(.+?) *\]: (?:.+? - )?(.+?) *$")
_PCM = re.compile(r"^(\d+)-(\d+):(.*)$")
_OWNER = re.compile(r"^owner_pid *: *(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """`index` changes from start to start; `id` (a short word) and `name` stay. `captures` and
    `plays` are the numbers of its PCM devices for each side."""

    index: int
    id: str
    name: str
    captures: tuple[int, ...] = ()
    plays: tuple[int, ...] = ()

    def devices(self, kind: Kind) -> tuple[int, ...]:
        return self.captures if kind == "microphone" else self.plays

    def is_called(self, name: str) -> bool:
        """Whether `name` is its id, or a part of its name; case does not count."""
        wanted = name.casefold().strip()
        return wanted == self.id.casefold() or wanted in self.name.casefold()


def read_cards(root: Path = ASOUND) -> list[Card]:
    """All cards in the kernel's order; none where there is no ALSA."""
    captures: dict[int, list[int]] = {}
    plays: dict[int, list[int]] = {}
    for line in _read(root / "pcm").splitlines():
        if found := _PCM.match(line):
            card, device, what = int(found[1]), int(found[2]), found[3]
            if re.search(r": capture \d+", what):
                captures.setdefault(card, []).append(device)
            if re.search(r": playback \d+", what):
                plays.setdefault(card, []).append(device)
    cards = []
    for line in _read(root / "cards").splitlines():
        if found := _CARD.match(line):
            index = int(found[1])
            sides = (tuple(captures.get(index, ())), tuple(plays.get(index, ())))
            cards.append(Card(index, found[2], found[3], *sides))
    return cards


def owner(card: Card, kind: Kind, root: Path = ASOUND) -> str | None:
    """The name of the program that has a card's first device of that side open; None when nobody
    has it or it cannot be told."""
    letter = "c" if kind == "microphone" else "p"
    for device in card.devices(kind)[:1]:
        for status in sorted((root / f"card{card.index}").glob(f"pcm{device}{letter}/sub*/status")):
            if found := _OWNER.search(_read(status)):
                return _read(Path("/proc") / found[1] / "comm").strip() or f"process {found[1]}"
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
