"""Colour control (ZCL 8, section 5.2): colour temperature, hue and saturation, xy."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.clusters.ramp import Ramp
from pichat.simulator.clusters.xy import hue_saturation_to_xy, xy_to_hue_saturation
from pichat.simulator.node.cluster import (
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_number,
)
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import Reader, u8, u16

HUE, SATURATION, X, Y, MIREDS, MODE = 0x0000, 0x0001, 0x0003, 0x0004, 0x0007, 0x0008
OPTIONS, ENHANCED_HUE, ENHANCED_MODE, CAPABILITIES = 0x000F, 0x4000, 0x4001, 0x400A
COOLEST_MIREDS, WARMEST_MIREDS = 153, 500
BY_HUE, BY_XY, BY_TEMPERATURE, BY_ENHANCED_HUE = 0, 1, 2, 3
ON_OFF = 0x0006


class ColorTemperature(Cluster):
    """A white light of chosen warmth. While off it ignores commands unless told otherwise."""

    id: ClassVar[int] = 0x0300
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute(0x0002, Type.UINT16, 0, reportable=False),
        Attribute(MIREDS, Type.UINT16, 370),
        Attribute(MODE, Type.ENUM8, BY_TEMPERATURE),
        Attribute(OPTIONS, Type.BITMAP8, 0, writable=True, reportable=False),
        Attribute(ENHANCED_MODE, Type.ENUM8, BY_TEMPERATURE),
        Attribute(CAPABILITIES, Type.BITMAP16, 0x0010),
        Attribute(0x400B, Type.UINT16, COOLEST_MIREDS, reportable=False),
        Attribute(0x400C, Type.UINT16, WARMEST_MIREDS, reportable=False),
        Attribute(0x400D, Type.UINT16, COOLEST_MIREDS, reportable=False),
        Attribute(0x4010, Type.UINT16, 0xFFFF, writable=True, reportable=False),
    )

    def set_up(self) -> None:
        self._ramps: dict[int, Ramp] = {}

    def _ramp(self, attribute: int, target: float, tenths: int) -> None:
        def put(value: float) -> None:
            self.set(attribute, round(value))
            self.moved(attribute)

        ramp = self._ramps.setdefault(attribute, Ramp(self.host, put))
        ramp.move(self.number(attribute), target, tenths / 10)

    def moved(self, attribute: int) -> None:
        """For the colour light: keeps the other notation in step."""

    def _stop(self) -> None:
        for ramp in self._ramps.values():
            ramp.stop()

    def _mode(self, mode: int) -> None:
        self._stop()
        self.set(MODE, mode)
        self.set(ENHANCED_MODE, mode)

    def _allowed(self, request: Request) -> bool:
        options = self.number(OPTIONS)
        if request.fields.left() >= 2:
            mask, override = request.fields.u8(), request.fields.u8()
            options = (options & ~mask) | (override & mask)
        light = self.host.sibling(self, ON_OFF)
        return light is None or bool(light.values[0x0000]) or bool(options & 1)

    def _warm(self, mireds: float, tenths: int) -> None:
        self._mode(BY_TEMPERATURE)
        self._ramp(MIREDS, max(COOLEST_MIREDS, min(mireds, WARMEST_MIREDS)), tenths)

    @command(0x0A)
    def move_to_temperature(self, request: Request) -> Outcome:
        mireds, tenths = request.fields.u16(), request.fields.u16()
        if self._allowed(request):
            self._warm(mireds, tenths)
        return Status.SUCCESS

    @command(0x47)
    def stop_moving(self, _: Request) -> Outcome:
        self._stop()
        return Status.SUCCESS

    @command(0x4B)
    def move_temperature(self, request: Request) -> Outcome:
        mode, rate = request.fields.u8(), request.fields.u16()
        request.fields.take(4)
        if self._allowed(request):
            if mode == 0:
                self._stop()
            else:
                target = WARMEST_MIREDS if mode == 1 else COOLEST_MIREDS
                distance = abs(target - self.number(MIREDS))
                self._warm(target, round(distance / max(rate, 1) * 10))
        return Status.SUCCESS

    @command(0x4C)
    def step_temperature(self, request: Request) -> Outcome:
        mode, size, tenths = request.fields.u8(), request.fields.u16(), request.fields.u16()
        least, most = request.fields.u16(), request.fields.u16()
        if self._allowed(request):
            target = self.number(MIREDS) + (size if mode == 1 else -size)
            self._warm(min(max(target, least), most or WARMEST_MIREDS), tenths)
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        def put(value: Any) -> None:
            coolest, warmest = 1e6 / COOLEST_MIREDS, 1e6 / WARMEST_MIREDS
            self._warm(1e6 / need_number(value, warmest, coolest + 1), 0)

        return {"color_temperature": Quantity("K", lambda: round(1e6 / self.number(MIREDS)), put)}

    def scene(self) -> bytes:
        return bytes(11) + u16(self.number(MIREDS))

    def recall(self, stored: Reader, transition_s: float) -> None:
        stored.take(11)
        self._warm(stored.u16(), round(transition_s * 10))


class Color(ColorTemperature):
    """A light of any colour."""

    attributes = (
        Attribute(HUE, Type.UINT8, 0),
        Attribute(SATURATION, Type.UINT8, 0),
        Attribute(X, Type.UINT16, 24939),
        Attribute(Y, Type.UINT16, 24701),
        Attribute(ENHANCED_HUE, Type.UINT16, 0),
        *(one for one in ColorTemperature.attributes if one.id != CAPABILITIES),
        Attribute(CAPABILITIES, Type.BITMAP16, 0x001F),
    )

    def moved(self, attribute: int) -> None:
        if attribute == ENHANCED_HUE:
            self.set(HUE, self.number(ENHANCED_HUE) >> 8)
        elif attribute == HUE:
            self.set(ENHANCED_HUE, self.number(HUE) << 8)
        if attribute in (HUE, ENHANCED_HUE, SATURATION):
            x, y = hue_saturation_to_xy(self.number(HUE) / 254, self.number(SATURATION) / 254)
            self.set(X, round(x * 65536))
            self.set(Y, round(y * 65536))
        elif attribute in (X, Y):
            hue, saturation = xy_to_hue_saturation(self.number(X) / 65536, self.number(Y) / 65536)
            self.set(HUE, round(hue * 254))
            self.set(ENHANCED_HUE, round(hue * 254) << 8)
            self.set(SATURATION, round(saturation * 254))

    def _paint(self, targets: dict[int, int], mode: int, tenths: int) -> None:
        self._mode(mode)
        for attribute, target in targets.items():
            self._ramp(attribute, target, tenths)

    @command(0x00)
    def move_to_hue(self, request: Request) -> Outcome:
        hue, _, tenths = request.fields.u8(), request.fields.u8(), request.fields.u16()
        if self._allowed(request):
            self._paint({HUE: hue}, BY_HUE, tenths)
        return Status.SUCCESS

    @command(0x03)
    def move_to_saturation(self, request: Request) -> Outcome:
        saturation, tenths = request.fields.u8(), request.fields.u16()
        if self._allowed(request):
            self._paint({SATURATION: saturation}, BY_HUE, tenths)
        return Status.SUCCESS

    @command(0x06)
    def move_to_hue_and_saturation(self, request: Request) -> Outcome:
        hue, saturation, tenths = request.fields.u8(), request.fields.u8(), request.fields.u16()
        if self._allowed(request):
            self._paint({HUE: hue, SATURATION: saturation}, BY_HUE, tenths)
        return Status.SUCCESS

    @command(0x07)
    def move_to_color(self, request: Request) -> Outcome:
        x, y, tenths = request.fields.u16(), request.fields.u16(), request.fields.u16()
        if self._allowed(request):
            self._paint({X: x, Y: y}, BY_XY, tenths)
        return Status.SUCCESS

    @command(0x40)
    def enhanced_move_to_hue(self, request: Request) -> Outcome:
        hue, _, tenths = request.fields.u16(), request.fields.u8(), request.fields.u16()
        if self._allowed(request):
            self._paint({ENHANCED_HUE: hue}, BY_HUE, tenths)
            self.set(ENHANCED_MODE, BY_ENHANCED_HUE)
        return Status.SUCCESS

    @command(0x43)
    def enhanced_move_to_hue_and_saturation(self, request: Request) -> Outcome:
        hue, saturation, tenths = request.fields.u16(), request.fields.u8(), request.fields.u16()
        if self._allowed(request):
            self._paint({ENHANCED_HUE: hue, SATURATION: saturation}, BY_HUE, tenths)
            self.set(ENHANCED_MODE, BY_ENHANCED_HUE)
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        def put_hue(value: Any) -> None:
            self._paint({HUE: round(need_number(value, 0, 360) / 360 * 254)}, BY_HUE, 0)

        def put_saturation(value: Any) -> None:
            self._paint({SATURATION: round(need_number(value, 0, 100) * 2.54)}, BY_HUE, 0)

        def mode() -> Value:
            return ("hue", "xy", "temperature")[self.number(MODE)]

        return super().quantities() | {
            "hue": Quantity("°", lambda: round(self.number(HUE) / 254 * 360), put_hue),
            "saturation": Quantity(
                "%", lambda: round(self.number(SATURATION) / 2.54), put_saturation
            ),
            "x": Quantity("", lambda: round(self.number(X) / 65536, 4)),
            "y": Quantity("", lambda: round(self.number(Y) / 65536, 4)),
            "color_mode": Quantity("", mode),
        }

    def scene(self) -> bytes:
        colour = u16(self.number(X)) + u16(self.number(Y)) + u16(self.number(ENHANCED_HUE))
        saturation = u8(self.number(SATURATION))
        return colour + saturation + bytes(4) + u16(self.number(MIREDS)) + u8(self.number(MODE))

    def recall(self, stored: Reader, transition_s: float) -> None:
        x, y = stored.u16(), stored.u16()
        if not stored.left():  # fields at the end may be missing
            self._paint({X: x, Y: y}, BY_XY, round(transition_s * 10))
            return
        stored.take(7)
        mireds, tenths = stored.u16(), round(transition_s * 10)
        mode = stored.u8() if stored.left() else BY_XY
        if mode == BY_TEMPERATURE:
            self._warm(mireds, tenths)
        else:
            self._paint({X: x, Y: y}, BY_XY, tenths)


class XyColor(ColorTemperature):
    """A light of any colour that knows xy and nothing else."""

    attributes = (
        Attribute(X, Type.UINT16, 24939),
        Attribute(Y, Type.UINT16, 24701),
        Attribute(MODE, Type.ENUM8, BY_XY),
        Attribute(OPTIONS, Type.BITMAP8, 0, writable=True, reportable=False),
        Attribute(ENHANCED_MODE, Type.ENUM8, BY_XY),
        Attribute(CAPABILITIES, Type.BITMAP16, 0x0008),
    )

    @command(0x07)
    def move_to_color(self, request: Request) -> Outcome:
        x, y, tenths = request.fields.u16(), request.fields.u16(), request.fields.u16()
        if self._allowed(request):
            self._mode(BY_XY)
            self._ramp(X, x, tenths)
            self._ramp(Y, y, tenths)
        return Status.SUCCESS

    @command(0x0A)
    @command(0x4B)
    @command(0x4C)
    def refuse(self, _: Request) -> Outcome:
        return Status.UNSUPPORTED_COMMAND

    def quantities(self) -> dict[str, Quantity]:
        return {
            "x": Quantity("", lambda: round(self.number(X) / 65536, 4)),
            "y": Quantity("", lambda: round(self.number(Y) / 65536, 4)),
        }

    def scene(self) -> bytes:
        return u16(self.number(X)) + u16(self.number(Y))

    def recall(self, stored: Reader, transition_s: float) -> None:
        self._mode(BY_XY)
        self._ramp(X, stored.u16(), round(transition_s * 10))
        self._ramp(Y, stored.u16(), round(transition_s * 10))
