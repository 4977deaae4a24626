"""Battery sensors of Aqara and Xiaomi. They refuse to be configured, and tell by themselves."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from zigpy.zcl.clusters.general import OnOff
from zigpy.zcl.clusters.measurement import IlluminanceMeasurement, PressureMeasurement
from zigpy.zcl.clusters.security import IasZone

from pichat.zigbee.definition import Definition, define
from pichat.zigbee.local import (
    OCCUPANCY,
    Local,
    LocalBattery,
    LocalOccupancy,
    Made,
    Momentary,
)
from pichat.zigbee.local_sensors import (
    HUMIDITY,
    ILLUMINANCE,
    TEMPERATURE,
    ZONE,
    LocalLux,
    logarithmic,
)
from pichat.zigbee.makers.aqara_struct import AqaraBasic, AqaraOwn

_ON_OFF, _PRESSURE = 0x0006, 0x0403
_CONTACT, _WATER = 0x0015, 0x002A  # zone types
_NOT_ALARMS = frozenset({"tamper", "battery_low"})  # capabilities of alarm systems' zones
_P1_SEEN = 0x0112  # attribute: somebody was seen, and how bright it was
_P1_OFFSET_LX = 65_536
_P1_CLEAR_S = 35.0  # it is blind for 30 s after it saw somebody


class WeatherBasic(AqaraBasic):
    more = MappingProxyType(
        {
            0x64: (TEMPERATURE, "measured_value", int),
            0x65: (HUMIDITY, "measured_value", int),
            0x66: (_PRESSURE, "scaled_value", lambda pascal: round(int(pascal) / 10)),
        }
    )


class WeatherPressure(Made, PressureMeasurement):
    fixed = MappingProxyType({"scale": -1})


class ContactSwitch(Made, OnOff):
    """A contact that calls itself a switch: on is open."""

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute == 0:
            self.tell(ZONE, "zone_status", int(bool(value)))
        return value


class ContactZone(Local, IasZone):
    tells = frozenset({"zone_status"})
    fixed = MappingProxyType({"zone_type": _CONTACT})


class WaterZone(Made, IasZone):
    fixed = MappingProxyType({"zone_type": _WATER})


class MotionBasic(AqaraBasic):
    more = MappingProxyType({0x0B: (ILLUMINANCE, "measured_value", int)})


class PlainLux(Made, IlluminanceMeasurement):
    """It tells lux where the library wants a logarithm."""

    def heard(self, attribute: int, value: Any) -> Any:
        return logarithmic(int(value)) if attribute == 0 else value


class P1Own(AqaraOwn):
    def heard(self, attribute: int, value: Any) -> Any:
        if attribute != _P1_SEEN:
            return super().heard(attribute, value)
        lux = logarithmic(max(int(value) - _P1_OFFSET_LX, 0))
        self.tell(ILLUMINANCE, "measured_value", lux)
        occupancy = self.endpoint.in_clusters[OCCUPANCY]
        occupancy.seen(_P1_CLEAR_S)
        return None


define(
    Definition(
        name="Aqara temperature, humidity and pressure sensor WSDCGQ11LM",
        models=frozenset({"lumi.weather"}),
        servers={1: (WeatherBasic, LocalBattery, WeatherPressure)},
        skip_configuration=True,
    )
)
define(
    Definition(
        name="Aqara door and window sensor MCCGQ11LM",
        models=frozenset({"lumi.sensor_magnet.aq2"}),
        servers={1: (AqaraBasic, LocalBattery, ContactSwitch, ContactZone)},
        without=_NOT_ALARMS,
        hidden=frozenset({_ON_OFF}),
        skip_configuration=True,
    )
)
define(
    Definition(
        name="Aqara motion sensor RTCGQ11LM",
        models=frozenset({"lumi.sensor_motion.aq2"}),
        servers={1: (MotionBasic, LocalBattery, PlainLux, Momentary)},
        hidden=frozenset({ZONE}),
        skip_configuration=True,
    )
)
define(
    Definition(
        name="Aqara water leak sensor SJCGQ11LM",
        models=frozenset({"lumi.sensor_wleak.aq1"}),
        servers={1: (AqaraBasic, LocalBattery, WaterZone)},
        without=_NOT_ALARMS,
        skip_configuration=True,
    )
)
define(
    Definition(
        name="Aqara P1 motion sensor RTCGQ14LM",
        models=frozenset({"lumi.motion.ac02"}),
        servers={1: (P1Own, LocalBattery, LocalLux, LocalOccupancy)},
        skip_configuration=True,
    )
)
