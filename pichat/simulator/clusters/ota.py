"""OTA upgrade (ZCL 8, chapter 11): a client that fetches an image block by block and starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pichat.simulator.node.cluster import (
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
)
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import u8, u16, u32

QUERY, BLOCK, END = 0x01, 0x03, 0x06
BLOCK_BYTES = 50
AGAIN_S, ATTEMPTS = 1.0, 10
RESTART_S = 0.2
MAGIC = bytes.fromhex("1ef1ee0b")
HEADER_LENGTH_AT, SIZE_AT = 6, 52
ABORT, INVALID_IMAGE = 0x95, 0x96
IDLE, DOWNLOADING, COMPLETE = 0, 1, 2


class OtaUpgrade(Cluster):
    """Asks for an image when it is told of one. `block_delay_ms` slows it down, as real devices do;
    an image is sound when its header and its first element are (ZCL 8, 11.4)."""

    id: ClassVar[int] = 0x0019
    attributes = (
        Attribute(0x0000, Type.EUI64, 0xFFFFFFFFFFFFFFFF),
        Attribute(0x0001, Type.UINT32, 0xFFFFFFFF),
        Attribute(0x0002, Type.UINT32, 0x01000000),
        Attribute(0x0006, Type.ENUM8, IDLE),
        Attribute(0x0007, Type.UINT16, 0x1289),
        Attribute(0x0008, Type.UINT16, 1),
    )

    def set_up(self) -> None:
        self._server = (0, 0)  # network address, endpoint
        self._image = bytearray()
        self._version = self._size = 0
        self._attempts = 0
        self._cancel: Callable[[], None] | None = None

    def dump(self) -> dict[str, Value]:
        """Only which image runs: a restart breaks a download off."""
        return {name: value for name, value in super().dump().items() if name == "0002"}

    def quantities(self) -> dict[str, Quantity]:
        return {
            "firmware": Quantity("", lambda: self.number(0x0002)),
            "fetched": Quantity("bytes", lambda: len(self._image)),
        }

    @command(0x00)
    def image_notify(self, request: Request) -> Outcome:
        if self._image:
            return None  # it is fetching one
        self._server = (request.source, request.source_endpoint)
        about = u16(self.number(0x0007)) + u16(self.number(0x0008)) + u32(self.number(0x0002))
        self._ask(QUERY, u8(0) + about)
        return None

    @command(0x02)
    def query_answer(self, request: Request) -> Outcome:
        if request.fields.u8() != Status.SUCCESS:
            return None
        request.fields.take(4)
        self._version, self._size = request.fields.u32(), request.fields.u32()
        self._image.clear()
        self.set(0x0006, DOWNLOADING)
        self._fetch()
        return None

    @command(0x05)
    def block(self, request: Request) -> Outcome:
        fields = request.fields
        if fields.u8() != Status.SUCCESS:
            self._give_up(None)
            return None
        fields.take(8)
        if fields.u32() != len(self._image) or self.number(0x0006) != DOWNLOADING:
            return None  # an old one, once more
        self._image += fields.counted()
        self.set(0x0001, len(self._image))
        self._attempts = 0
        if len(self._image) >= self._size:
            self._stop()
            self._finish()
        else:
            self._later(self._delay_s(), self._fetch)
        return None

    @command(0x07)
    def end_answer(self, _: Request) -> Outcome:
        if self.number(0x0006) == COMPLETE:
            self._later(RESTART_S, self._restart)
        return None

    def _fetch(self) -> None:
        """Ask for the next block, and again when nothing comes."""
        self._attempts += 1
        if self._attempts > ATTEMPTS:
            self._give_up(ABORT)
            return
        about = u16(self.number(0x0007)) + u16(self.number(0x0008)) + u32(self._version)
        self._ask(BLOCK, u8(0) + about + u32(len(self._image)) + u8(BLOCK_BYTES))
        self._later(AGAIN_S, self._fetch)

    def _finish(self) -> None:
        if not self._is_sound():
            self._give_up(INVALID_IMAGE)
            return
        self.set(0x0006, COMPLETE)
        self._end(Status.SUCCESS)

    def _is_sound(self) -> bool:
        image = bytes(self._image)
        header = int.from_bytes(image[HEADER_LENGTH_AT : HEADER_LENGTH_AT + 2], "little")
        size = int.from_bytes(image[SIZE_AT : SIZE_AT + 4], "little")
        element = int.from_bytes(image[header : header + 2], "little")
        length = int.from_bytes(image[header + 2 : header + 6], "little")
        fits = header + 6 + length <= size == len(image)
        return image.startswith(MAGIC) and element == 0 and fits

    def _restart(self) -> None:
        """The new image runs."""
        self._image.clear()
        self.set(0x0006, IDLE)
        self.set(0x0002, self._version)

    def _give_up(self, status: int | None) -> None:
        self._stop()
        self._image.clear()
        self._attempts = 0
        self.set(0x0006, IDLE)
        if status is not None:
            self._end(status)

    def _end(self, status: int) -> None:
        about = u16(self.number(0x0007)) + u16(self.number(0x0008)) + u32(self._version)
        self._ask(END, u8(status) + about)

    def _ask(self, number: int, payload: bytes) -> None:
        address, endpoint = self._server
        self.host.command_at(self, number, payload, address, endpoint)

    def _delay_s(self) -> float:
        return float(self.host.options.get("block_delay_ms", 0)) / 1000

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._stop()
        self._cancel = self.host.later(delay_s, action)

    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
