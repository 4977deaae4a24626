"""Local clusters of sensors, for definitions whose devices tell of these in their own way."""

from __future__ import annotations

import math

from zigpy.zcl.clusters.homeautomation import ElectricalMeasurement
from zigpy.zcl.clusters.measurement import (
    PM25,
    CarbonDioxideConcentration,
    IlluminanceMeasurement,
    OccupancySensing,
    RelativeHumidity,
    TemperatureMeasurement,
)
from zigpy.zcl.clusters.smartenergy import Metering

from pichat.zigbee.local import Local

TEMPERATURE, HUMIDITY, ILLUMINANCE = 0x0402, 0x0405, 0x0400
CO2, PM25_ID = 0x040D, 0x042A
ELECTRICAL, METERING, ZONE = 0x0B04, 0x0702, 0x0500
_VALUE = frozenset({"measured_value"})


def logarithmic(lux: int) -> int:
    """Illuminance as the cluster library counts it."""
    return round(10_000 * math.log10(lux)) + 1 if lux > 0 else 0


class LocalTemperature(Local, TemperatureMeasurement):
    tells = _VALUE


class LocalHumidity(Local, RelativeHumidity):
    tells = _VALUE


class LocalLux(Local, IlluminanceMeasurement):
    tells = _VALUE


class LocalCo2(Local, CarbonDioxideConcentration):  # type: ignore[misc]
    tells = _VALUE


class LocalPm25(Local, PM25):  # type: ignore[misc]
    tells = _VALUE


class LocalPresence(Local, OccupancySensing):
    """Of a sensor that also tells when nobody is there any more."""

    tells = frozenset({"occupancy"})


class LocalElectrical(Local, ElectricalMeasurement):
    tells = frozenset({"active_power"})


class LocalMetering(Local, Metering):
    tells = frozenset({"current_summ_delivered"})
