"""A device that was just named: how soon a sentence about it is understood, typed and spoken.

Real sentences, a real vocabulary and a real recogniser in its own process, which a synthetic voice
speaks to; only the house is a list."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import structlog
from msgspec import structs

from pichat.app.listening import SENTENCES
from pichat.bus import Bus
from pichat.events import Device, DeviceAdded, DeviceChanged
from pichat.health import Health
from pichat.intents.gate import first_understood
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import extend, prepare
from pichat.stt.apart import Apart
from pichat.stt.base import Recogniser
from pichat.turn.recognition import Recognition, follow_names
from scripts.benches.figure import Figure
from tests.intents.house import HOUSE
from tests.intents.speech import blocks, spoken

NAMES = ("reading lamp", "aquarium light", "piano lamp", "sewing corner light", "bookcase lamp")
VOICE = "slt"
CACHE = Path(tempfile.gettempdir()) / "pichat-bench-speech"
Opening = Callable[[], Recogniser]


class House:
    """Devices that can be named, and what follows their names."""

    def __init__(self) -> None:
        self.devices = list(HOUSE)
        self.bus = Bus()
        self.intents = Intents("en", lambda: self.devices)
        self.taken: asyncio.Queue[Opening] = asyncio.Queue()

    def join(self) -> None:
        lamp = next(device for device in HOUSE if device.kind == "light")
        self.devices.append(structs.replace(lamp, id="new", name="Acme lamp", area=None))
        self.bus.publish(DeviceAdded(device=self.devices[-1]))

    def name(self, name: str) -> None:
        self.devices[-1] = structs.replace(self.devices[-1], name=name, area="Study")
        self.bus.publish(DeviceChanged(device=self.devices[-1], changes={}))

    async def _quick(self, fresh: Sequence[Device]) -> Opening | None:
        work = asyncio.to_thread(self.intents.sentences, fresh, SENTENCES * len(fresh))
        files = await extend(await work, CACHE)
        return None if files is None else partial(Apart, "pocketsphinx", files)

    async def _whole(self, devices: Sequence[Device]) -> Opening:
        return partial(Apart, "pocketsphinx", await prepare("en", devices, CACHE))

    def recognition(self) -> Recognition:
        return Recognition(
            lambda: self.devices,
            self._whole,
            self.taken.put_nowait,
            self.bus,
            Health(self.bus),
            self._quick,
        )

    async def by_text_s(self, name: str) -> float:
        begin_s = time.monotonic()
        while self.intents.understand(f"turn on the {name}") is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return time.monotonic() - begin_s

    async def by_ear(self, name: str) -> tuple[float, bool]:
        """Seconds until a recogniser that knows the name is open, and whether it hears it."""
        begin_s = time.monotonic()
        opening = await self.taken.get()
        recogniser = await asyncio.to_thread(opening)
        took_s = time.monotonic() - begin_s
        heard = await asyncio.to_thread(self._hears, recogniser, f"turn on the {name}")
        return took_s, heard

    def _hears(self, recogniser: Recogniser, command: str) -> bool:
        recogniser.begin()
        for block in blocks(spoken(command, VOICE, CACHE)):
            recogniser.feed(block)
        found = first_understood(self.intents, recogniser.finish())
        recogniser.close()
        wanted = self.intents.understand(command)
        return found is not None and wanted is not None and found[1].calls == wanted.calls


async def _named(name: str) -> tuple[float, float, bool]:
    house = House()
    following = asyncio.create_task(follow_names(house.intents, lambda: house.devices, house.bus))
    learning = asyncio.create_task(house.recognition().serve())
    try:
        await house.taken.get()  # of the house before
        house.join()
        await house.taken.get()  # of the name that it came with
        await house.by_text_s("acme lamp")
        house.name(name)
        by_text_s, (by_ear_s, heard) = await asyncio.gather(
            house.by_text_s(name), house.by_ear(name)
        )
    finally:
        for task in (following, learning):
            task.cancel()
        await asyncio.wait({following, learning})
    return by_text_s, by_ear_s, heard


async def _run() -> list[Figure]:
    found = [await _named(name) for name in NAMES]
    by_text_s, by_ear_s, heard = zip(*found, strict=True)
    return [
        Figure(
            name="join.named_by_text", value=1000 * max(by_text_s), unit="ms", limit=1000,
            samples=len(found), note="the slowest of them",
        ),
        Figure(
            name="join.named_by_ear", value=1000 * max(by_ear_s), unit="ms", limit=1000,
            samples=len(found), note=f"the slowest of them; median {1000 * median(by_ear_s):.0f}",
        ),
        Figure(
            name="join.named_heard", value=100 * sum(heard) / len(heard), unit="%", limit=100,
            sense="at least", samples=len(found), note="turn on the …, by one synthetic voice",
        ),
    ]  # fmt: skip


def run() -> list[Figure]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    return asyncio.run(_run())
