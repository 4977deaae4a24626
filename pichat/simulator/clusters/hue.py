"""As a Philips Hue dimmer switch tells its buttons: a command of its own, where it is bound to."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.clusters.on_off import OnOffClient
from pichat.simulator.errors import SimulatorError
from pichat.simulator.node import zcl
from pichat.simulator.node.cluster import Cluster, Quantity
from pichat.simulator.wire.codec import u8, u16

CODE = 0x100B
BUTTONS = {"on": 1, "up": 2, "down": 3, "off": 4}
_DOWN, _HELD, _SHORT, _LONG = range(4)
PRESSES = {"single": (_DOWN, _SHORT), "hold": (_DOWN, _HELD, _HELD), "release": (_LONG,)}
_NOTIFICATION = 0x00


class HueClient(OnOffClient):
    """For lights that it is bound to itself; the buttons are told by the other endpoint."""

    def press(self) -> bool:
        return False


class HueButtons(Cluster):
    """The value `press` is a button and how it is pressed: “up hold”."""

    id: ClassVar[int] = 0xFC00
    generated = (_NOTIFICATION,)

    def set_up(self) -> None:
        self._last = ""

    def quantities(self) -> dict[str, Quantity]:
        return {"press": Quantity("", lambda: self._last, self._put)}

    def _put(self, value: Any) -> None:
        button, _, press = str(value).partition(" ")
        if button not in BUTTONS or press not in PRESSES:
            raise SimulatorError(
                f"{value!r} is no press: {', '.join(BUTTONS)}; {', '.join(PRESSES)}."
            )
        self._last = str(value)
        for happened in PRESSES[press]:
            self._notify(BUTTONS[button], happened)
        self.host.changed(self, 0)

    def _notify(self, button: int, happened: int) -> None:
        payload = bytes((button, 0x00, 0x00, 0x30, happened, 0x21)) + u16(8)
        control = zcl.CLUSTER_SPECIFIC | zcl.MANUFACTURER | zcl.FROM_SERVER | zcl.NO_DEFAULT
        head = u8(control) + u16(CODE)
        self.host.speak(
            self, lambda sequence: head + bytes((sequence, _NOTIFICATION)) + payload, bound=True
        )

    def press(self) -> bool:
        self._put("on single")
        return True
