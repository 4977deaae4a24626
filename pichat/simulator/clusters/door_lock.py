"""Door lock (ZCL 8, section 7.3). The bolt takes `travel_s`; `jammed` makes it stick half-way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.cluster import (
    Answer,
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_bool,
    need_number,
)
from pichat.simulator.node.types import Type
from pichat.simulator.wire.codec import counted, u8, u16, u32

STATE, JAMMED_STATE, LOCKED, UNLOCKED = 0x0000, 0, 1, 2
OPERATION_EVENT = 0x20
BY_KEYPAD, BY_RADIO, BY_HAND = 0, 1, 2
EVENT_LOCK, EVENT_UNLOCK = 1, 2


USERS = 10
FREE, ENABLED, DISABLED = 0, 1, 3
UNRESTRICTED = 0
CODE = b"4711"  # behind every used slot
_SLOTS = {"enabled": (ENABLED, 0), "disabled": (DISABLED, 0), "master": (ENABLED, 3)}


def _codes(written: str) -> dict[int, tuple[int, int]]:
    """The used slots with their status and type, of a text such as “0:master 3:enabled”."""
    pairs = (one.split(":") for one in written.split())
    return {int(slot): _SLOTS[word] for slot, word in pairs}


class DoorLock(Cluster):
    """The answer to a command says that it was accepted; the state follows when the bolt is there.

    With the house option `pin`, a command must carry that PIN.
    """

    id: ClassVar[int] = 0x0101
    attributes = (
        Attribute(STATE, Type.ENUM8, LOCKED),
        Attribute(0x0001, Type.ENUM8, 0, reportable=False),
        Attribute(0x0002, Type.BOOL, True),
        Attribute(0x0012, Type.UINT16, USERS, reportable=False),
        Attribute(0x0017, Type.UINT8, 8, reportable=False),
        Attribute(0x0018, Type.UINT8, 4, reportable=False),
        Attribute(0x0023, Type.UINT32, 0, writable=True),
        Attribute(0x0025, Type.ENUM8, 0, writable=True),
        Attribute(0x0033, Type.BOOL, False, writable=True, reportable=False),
    )
    generated = (0x00, 0x01, 0x02, OPERATION_EVENT)

    def set_up(self) -> None:
        self._jammed = False
        self._cancel: Callable[[], None] | None = None
        self._travel_s = float(self.host.options.get("travel_s", 0.5))
        self._pin = str(self.host.options.get("pin", ""))
        self.values[0x0033] = bool(self._pin)
        self._entered = -1  # the slot of the code that was entered last
        self._codes = _codes(str(self.host.options.get("codes", "")))

    def _turn(self, target: int, source: int, user: int = 0) -> None:
        if self._cancel is not None:
            self._cancel()

        def arrive() -> None:
            self._cancel = None
            self.set(STATE, JAMMED_STATE if self._jammed else target)
            if not self._jammed:
                event = EVENT_LOCK if target == LOCKED else EVENT_UNLOCK
                payload = bytes((source, event)) + u16(user) + u8(0) + u32(0) + u8(0)
                self.host.command(self, OPERATION_EVENT, payload)

        self._cancel = self.host.later(self._travel_s, arrive)

    def _operate(self, number: int, target: int, request: Request) -> Outcome:
        pin = request.fields.counted() if request.fields.left() else b""
        if self._pin and pin.decode("ascii", "replace") != self._pin:
            return Answer(number, u8(Status.FAILURE))
        self._turn(target, BY_RADIO)
        return Answer(number, u8(Status.SUCCESS))

    @command(0x00)
    def lock(self, request: Request) -> Outcome:
        return self._operate(0x00, LOCKED, request)

    @command(0x01)
    def unlock(self, request: Request) -> Outcome:
        return self._operate(0x01, UNLOCKED, request)

    @command(0x02)
    def toggle(self, request: Request) -> Outcome:
        return self._operate(0x02, self._other(), request)

    @command(0x06)
    def get_pin_code(self, request: Request) -> Outcome:
        user = request.fields.u16()
        status, kind = self._codes.get(user, (FREE, UNRESTRICTED))
        code = counted(CODE if user in self._codes else b"")
        return Answer(0x06, u16(user) + bytes((status, kind)) + code)

    @command(0x0A)
    def get_user_status(self, request: Request) -> Outcome:
        if self.host.options.get("asked_by") == "pin":
            return Status.UNSUPPORTED_COMMAND
        user = request.fields.u16()
        return Answer(0x0A, u16(user) + u8(self._codes.get(user, (FREE, UNRESTRICTED))[0]))

    @command(0x15)
    def get_user_type(self, request: Request) -> Outcome:
        user = request.fields.u16()
        return Answer(0x15, u16(user) + u8(self._codes.get(user, (FREE, UNRESTRICTED))[1]))

    def lie(self, command: int) -> Outcome:
        return Answer(command, u8(Status.SUCCESS)) if command <= 0x02 else None

    def _other(self) -> int:
        return UNLOCKED if self.number(STATE) == LOCKED else LOCKED

    def quantities(self) -> dict[str, Quantity]:
        return {
            "locked": Quantity("", lambda: self.number(STATE) == LOCKED, self._put),
            "jammed": Quantity("", lambda: self._jammed, self._jam),
            "keypad": Quantity("", lambda: self._entered, self._enter),
        }

    def _enter(self, value: Any) -> None:
        """The code in this slot is entered at the keypad."""
        user = round(need_number(value, 0, USERS - 1))
        if self._codes.get(user, (FREE, 0))[0] != ENABLED:
            raise SimulatorError(f"There is no code in use in slot {user}.")
        self._entered = user
        self._turn(self._other(), BY_KEYPAD, user)

    def _put(self, value: Any) -> None:
        self.set(STATE, LOCKED if need_bool(value) else UNLOCKED)

    def _jam(self, value: Any) -> None:
        self._jammed = need_bool(value)

    def press(self) -> bool:
        self._turn(self._other(), BY_HAND)
        return True
