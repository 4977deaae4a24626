"""As Aqara's battery sensors speak: they refuse to be configured, tell each change to the
coordinator without a binding, and tell their battery in a list of their own."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, ClassVar

from pichat.simulator.clusters.basic import Basic
from pichat.simulator.node import types, zcl
from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_bool, need_number
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import counted, u8, u16

CODE = 0x115F
_MEASURED, _SCALE, _SCALED = 0x0000, 0x0014, 0x0010
_LIST = 0xFF01
_VOLTAGE_TAG, _TEMPERATURE_TAG, _HUMIDITY_TAG, _PRESSURE_TAG = 0x01, 0x64, 0x65, 0x66


def report(*records: tuple[int, int, Value]) -> Callable[[int], bytes]:
    """A report of (attribute, type, value)."""
    body = b"".join(u16(number) + u8(kind) + types.pack(kind, to) for number, kind, to in records)
    return lambda sequence: zcl.frame(zcl.REPORT, body, sequence, general=True, server=True)


class _Telling(Cluster):
    """Tells a new value of its first attribute at once."""

    def set(self, attribute: int, value: Value) -> None:
        changed = self.values[attribute] != value
        super().set(attribute, value)
        if changed:
            self.host.speak(self, self.told())

    def told(self) -> Callable[[int], bytes]:
        first = self.attributes[0]
        return report((first.id, first.kind, self.values[first.id]))


class AqaraTemperature(_Telling):
    id: ClassVar[int] = 0x0402
    attributes = (Attribute(_MEASURED, Type.INT16, 2100, reportable=False),)

    def quantities(self) -> dict[str, Quantity]:
        return {"temperature": Quantity("°C", lambda: self.number(_MEASURED) / 100, self._put)}

    def _put(self, value: Any) -> None:
        self.set(_MEASURED, round(need_number(value, -40, 100) * 100))


class AqaraHumidity(_Telling):
    id: ClassVar[int] = 0x0405
    attributes = (Attribute(_MEASURED, Type.UINT16, 5000, reportable=False),)

    def quantities(self) -> dict[str, Quantity]:
        return {"humidity": Quantity("%", lambda: self.number(_MEASURED) / 100, self._put)}

    def _put(self, value: Any) -> None:
        self.set(_MEASURED, round(need_number(value, 0, 100) * 100))


class AqaraPressure(_Telling):
    """Tells it three times: whole hectopascal, the exponent, and tenths."""

    id: ClassVar[int] = 0x0403
    attributes = (
        Attribute(_SCALED, Type.INT16, 10132, reportable=False),
        Attribute(_SCALE, Type.INT8, -1, reportable=False),
        Attribute(_MEASURED, Type.INT16, 1013, reportable=False),
    )

    def told(self) -> Callable[[int], bytes]:
        tenths = self.number(_SCALED)
        return report(
            (_MEASURED, Type.INT16, round(tenths / 10)),
            (_SCALE, Type.INT8, -1),
            (_SCALED, Type.INT16, tenths),
        )

    def quantities(self) -> dict[str, Quantity]:
        return {"pressure": Quantity("hPa", lambda: self.number(_SCALED) / 10, self._put)}

    def _put(self, value: Any) -> None:
        self.set(_SCALED, round(need_number(value, 300, 1100) * 10))


class AqaraContact(_Telling):
    """A door contact as an on/off cluster: on is open. It takes no commands."""

    id: ClassVar[int] = 0x0006
    attributes = (Attribute(_MEASURED, Type.BOOL, False, reportable=False),)

    def quantities(self) -> dict[str, Quantity]:
        return {"open": Quantity("", lambda: bool(self.values[_MEASURED]), self._put)}

    def _put(self, value: Any) -> None:
        self.set(_MEASURED, need_bool(value))


class AqaraBasic(Basic):
    """Pressing the device's button sends what it sends once an hour."""

    def set_up(self) -> None:
        super().set_up()
        self._voltage_mv = 3000

    def quantities(self) -> dict[str, Quantity]:
        return {"voltage": Quantity("mV", lambda: self._voltage_mv, self._put)}

    def _put(self, value: Any) -> None:
        self._voltage_mv = round(need_number(value, 2000, 3300))

    def press(self) -> bool:
        told = u8(_VOLTAGE_TAG) + u8(Type.UINT16) + u16(self._voltage_mv)
        for tag, cluster_id, attribute, form in (
            (_TEMPERATURE_TAG, AqaraTemperature.id, _MEASURED, "<Bh"),
            (_HUMIDITY_TAG, AqaraHumidity.id, _MEASURED, "<BH"),
        ):
            if beside := self.host.sibling(self, cluster_id):
                kind = Type.INT16 if form == "<Bh" else Type.UINT16
                told += u8(tag) + struct.pack(form, kind, beside.number(attribute))
        if beside := self.host.sibling(self, AqaraPressure.id):
            pascal = beside.number(_SCALED) * 10
            told += u8(_PRESSURE_TAG) + struct.pack("<Bi", Type.INT32, pascal)
        head = u16(_LIST) + u8(Type.STRING) + counted(told)
        control = zcl.MANUFACTURER | zcl.FROM_SERVER | zcl.NO_DEFAULT
        self.host.speak(
            self, lambda sequence: u8(control) + u16(CODE) + bytes((sequence, zcl.REPORT)) + head
        )
        return True
