"""One connection that is fuzzed: every frame is answered, or the connection is closed; it never
hangs, and nothing of the inside comes out."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pichat.gateway.frames import FrameError, read_request
from scripts.benches.gateway_clients import Wire, masked
from tests.gateway.fuzz.frames import Frame

DEADLINE_S = 20.0
_PATH = "/ws/chat"
_LAST = ("complete", "error")
_INSIDE = (b"Traceback (most", b'File \\"', b'.py\\"')


class FuzzError(AssertionError):
    """The daemon did what it must not."""


@dataclass
class Tally:
    """What came back. `unexpected`: errors that the daemon did not foresee, by action."""

    sent: int = 0
    replies: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    unexpected: Counter[str] = field(default_factory=Counter)


class Watched:
    """Sends frames to `url` and looks at everything that comes back."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._url = url
        self._tally = tally
        self._wire: Wire | None = None
        self._open: Counter[str] = Counter()  # requests that are not answered yet, by id
        self._number = 0

    def send(self, frames: Sequence[Frame]) -> None:
        """Send them at once, and then a ping, which has to be answered. Raises FuzzError."""
        self._tally.sent += len(frames)
        wire = self._wire or self._connected()
        data = b"".join(masked(raw, opcode) for opcode, raw in frames)
        for opcode, raw in frames:
            if opcode == 1 and (request_id := _id_in(raw)):
                self._open[request_id] += 1
        try:
            wire.socket.sendall(data)
            self._ping(wire)
        except ConnectionError:
            self._lost()
            self._ping(self._connected())

    def rest(self) -> None:
        """Cancel what still runs, and wait until every request has been answered. Raises
        FuzzError."""
        if self._wire is None:
            return
        wire, until_s = self._wire, time.monotonic() + DEADLINE_S
        try:
            while running := +self._open:
                for request_id in running:
                    wire.send("cancel", "cancelling", {"request_id": request_id})
                self._ping(wire)
                if time.monotonic() > until_s:
                    raise FuzzError(f"never answered: {dict(running)}")
        except ConnectionError:
            self._lost()

    def close(self) -> None:
        if self._wire is not None:
            self._wire.socket.close()
            self._wire = None
        self._open.clear()

    def _connected(self) -> Wire:
        self._wire = Wire(self._url, _PATH)
        self._wire.socket.settimeout(DEADLINE_S)
        return self._wire

    def _lost(self) -> None:
        """The daemon closed it: that is an answer too."""
        self._tally.closed += 1
        self.close()

    def _ping(self, wire: Wire) -> None:
        self._number += 1
        wanted = f"ping-{self._number}"
        wire.send("ping", wanted)
        try:
            while not self._look(wire, wanted):
                if not wire.take():
                    raise ConnectionResetError
        except TimeoutError:
            raise FuzzError(f"no answer to a ping within {DEADLINE_S:g} s") from None

    def _look(self, wire: Wire, wanted: str) -> bool:
        """At all that came; whether the `wanted` reply is among it."""
        found = False
        for _, raw in wire.frames():
            for text in _INSIDE:
                if text in raw:
                    raise FuzzError(f"a reply tells of the inside: {raw[:2000]!r}")
            if not raw.startswith(b'{"status":'):
                continue  # sound
            frame = json.loads(raw)
            self._tally.replies[frame["status"]] += 1
            if frame["status"] in _LAST:
                self._open[frame["request_id"]] -= 1
                found = found or frame["request_id"] == wanted
            if frame["status"] == "error" and frame["payload"]["code"] == "internal":
                self._tally.unexpected[str(frame["payload"]["action"])] += 1
        return found


def _id_in(raw: bytes) -> str | None:
    """The id that the reply to this frame will have, if it is in there."""
    try:
        request_id, _ = read_request(raw)
    except FrameError as error:
        request_id = error.request_id
    return request_id if request_id.encode() in raw else None
