"""The stick's side of ASH: sequence numbers, acknowledgements, retransmission (UG101)."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pichat.simulator.wire import ash_frames
from pichat.simulator.wire.ash_frames import Frame, Kind

# The simulator logs with the standard library: importing structlog costs as much as all of it.
log = logging.getLogger(__name__)

WINDOW = 5
QUEUE_FRAMES = 200
ACK_TIMEOUTS_MAX = 5
NOT_READY_S = 1.0
RESET_SOFTWARE = 0x0B
ERROR_ACK_TIMEOUTS = 0x51


@dataclass(frozen=True)
class AckTimeouts:
    """How long the host may take to acknowledge; adapted between least and most."""

    initial_s: float = 1.6
    least_s: float = 0.4
    most_s: float = 3.2


class LinkState(enum.Enum):
    WAITING = "waiting"  # for the host's RST
    CONNECTED = "connected"
    FAILED = "failed"  # answers everything but RST with ERROR


class AshLink:
    """Feed it the host's bytes; it calls `received` with each EZSP frame, in order, once.

    `send` queues at most QUEUE_FRAMES frames; beyond that the newest is dropped, as a stick
    without a free buffer drops a callback. `reset` is called on RST, before RSTACK is written.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        received: Callable[[bytes], None],
        reset: Callable[[], None],
        timeouts: AckTimeouts = AckTimeouts(),
    ) -> None:
        self._write = write
        self._received = received
        self._reset = reset
        self._timeouts_s = timeouts
        self._loop = asyncio.get_running_loop()
        self._deframer = ash_frames.Deframer()
        self._timer: asyncio.TimerHandle | None = None
        self.counters = {"retransmitted": 0, "naks": 0, "dropped": 0}
        self._start(LinkState.WAITING)

    def _start(self, state: LinkState) -> None:
        self.state = state
        self._queue: deque[bytes] = deque()
        self._flight: deque[tuple[int, bytes]] = deque()
        self._next_number = 0
        self._expected = 0
        self._acknowledged = True
        self._rejecting = False
        self._not_ready_until = 0.0
        self._ack_timeout_s = self._timeouts_s.initial_s
        self._timeouts = 0
        self._sent_at = 0.0
        self._stop_timer()

    def close(self) -> None:
        """Forgets everything; the next RST starts anew."""
        self._deframer = ash_frames.Deframer()
        self._start(LinkState.WAITING)

    def feed(self, data: bytes) -> None:
        for frame in self._deframer.feed(data):
            self._handle(frame)

    def send(self, payload: bytes) -> None:
        if self.state is not LinkState.CONNECTED:
            return
        if len(self._queue) >= QUEUE_FRAMES:
            self.counters["dropped"] += 1
            log.warning("the host does not read: a frame was dropped")
            return
        self._queue.append(payload)
        self._pump()

    def fail(self, reason: int) -> None:
        """Enters the failed state and says so; only the host's RST leads out."""
        self._start(LinkState.FAILED)
        self._reason = reason
        self._write(ash_frames.error_frame(reason))

    def restart(self, reason: int) -> None:
        """The stick has started anew by itself, and says so."""
        self._start(LinkState.CONNECTED)
        self._write(ash_frames.rstack_frame(reason))

    def _handle(self, frame: Frame) -> None:
        if frame.kind is Kind.RST:
            self._start(LinkState.CONNECTED)
            self._reset()
            self._write(ash_frames.rstack_frame(RESET_SOFTWARE))
        elif self.state is LinkState.FAILED:
            self._write(ash_frames.error_frame(self._reason))
        elif self.state is LinkState.WAITING:
            return
        elif frame.kind is Kind.BAD:
            self._reject()
        elif frame.kind is Kind.DATA:
            self._take_ack(frame.ack_number)
            self._take_data(frame)
        elif frame.kind in (Kind.ACK, Kind.NAK):
            self._not_ready_until = self._loop.time() + NOT_READY_S if frame.not_ready else 0.0
            self._take_ack(frame.ack_number)
            if frame.kind is Kind.NAK:
                self._retransmit()
            self._pump()

    def _take_data(self, frame: Frame) -> None:
        if frame.number == self._expected:
            self._expected = (frame.number + 1) % 8
            self._rejecting = False
            self._acknowledged = False
            self._received(frame.payload)
            self._pump()
            if not self._acknowledged:
                self._acknowledge()
        elif frame.retransmitted:
            self._acknowledge()
        else:
            self._reject()

    def _acknowledge(self) -> None:
        self._acknowledged = True
        self._write(ash_frames.ack_frame(self._expected))

    def _reject(self) -> None:
        if not self._rejecting:
            self._rejecting = True
            self.counters["naks"] += 1
            self._write(ash_frames.nak_frame(self._expected))

    def _take_ack(self, ack_number: int) -> None:
        waiting = [number for number, _ in self._flight]
        last = (ack_number - 1) % 8
        if last not in waiting:
            return
        for _ in range(waiting.index(last) + 1):
            self._flight.popleft()
        taken_s = self._loop.time() - self._sent_at
        self._set_ack_timeout(self._ack_timeout_s * 7 / 8 + taken_s / 2)
        self._timeouts = 0
        self._restart_timer()
        self._pump()

    def _pump(self) -> None:
        held = self._loop.time() < self._not_ready_until
        while self._queue and len(self._flight) < WINDOW and not held:
            payload = self._queue.popleft()
            number, self._next_number = self._next_number, (self._next_number + 1) % 8
            self._flight.append((number, payload))
            self._sent_at = self._loop.time()
            self._acknowledged = True
            self._write(ash_frames.data_frame(number, self._expected, payload, retransmitted=False))
            if self._timer is None:
                self._restart_timer()
        if held and self._queue and self._timer is None:
            self._timer = self._loop.call_later(NOT_READY_S, self._timed_out)

    def _retransmit(self) -> None:
        for number, payload in self._flight:
            self.counters["retransmitted"] += 1
            self._acknowledged = True
            self._write(ash_frames.data_frame(number, self._expected, payload, retransmitted=True))
        self._sent_at = self._loop.time()
        self._restart_timer()

    def _timed_out(self) -> None:
        self._timer = None
        if not self._flight:
            self._pump()
            return
        self._timeouts += 1
        if self._timeouts >= ACK_TIMEOUTS_MAX:
            log.warning("the host acknowledged nothing %d times", self._timeouts)
            self.fail(ERROR_ACK_TIMEOUTS)
            return
        self._set_ack_timeout(self._ack_timeout_s * 2)
        self._retransmit()

    def _set_ack_timeout(self, value_s: float) -> None:
        self._ack_timeout_s = max(self._timeouts_s.least_s, min(value_s, self._timeouts_s.most_s))

    def _restart_timer(self) -> None:
        self._stop_timer()
        if self._flight:
            self._timer = self._loop.call_later(self._ack_timeout_s, self._timed_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
