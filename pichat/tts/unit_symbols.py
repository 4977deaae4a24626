"""Symbols that are written behind a number (or before it), and what the Unicode CLDR calls them."""

from __future__ import annotations

UNITS = {
    "°C": "temperature-celsius", "℃": "temperature-celsius", "° C": "temperature-celsius",
    "°F": "temperature-fahrenheit", "℉": "temperature-fahrenheit",
    "° F": "temperature-fahrenheit", "K": "temperature-kelvin", "°": "angle-degree",
    "km/h": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour",
    "m/s": "speed-meter-per-second", "mph": "speed-mile-per-hour",
    "mW": "power-milliwatt", "W": "power-watt", "kW": "power-kilowatt", "MW": "power-megawatt",
    "kWh": "energy-kilowatt-hour", "kcal": "energy-kilocalorie", "kJ": "energy-kilojoule",
    "V": "electric-volt", "A": "electric-ampere", "mA": "electric-milliampere",
    "Ω": "electric-ohm", "lx": "light-lux", "lm": "light-lumen", "cd": "light-candela",
    "ppm": "concentr-permillion", "ppb": "concentr-portion-per-1e9", "‰": "concentr-permille",
    "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz", "Pa": "pressure-pascal", "hPa": "pressure-hectopascal",
    "kPa": "pressure-kilopascal", "mbar": "pressure-millibar", "bar": "pressure-bar",
    "mmHg": "pressure-millimeter-ofhg", "psi": "pressure-pound-force-per-square-inch",
    "µm": "length-micrometer", "mm": "length-millimeter", "cm": "length-centimeter",
    "dm": "length-decimeter", "m": "length-meter", "km": "length-kilometer",
    "mi": "length-mile", "ft": "length-foot", "yd": "length-yard",
    "cm²": "area-square-centimeter", "m²": "area-square-meter", "km²": "area-square-kilometer",
    "m2": "area-square-meter", "sqm": "area-square-meter", "ha": "area-hectare",
    "ft²": "area-square-foot", "cm³": "volume-cubic-centimeter", "m³": "volume-cubic-meter",
    "m3": "volume-cubic-meter", "ml": "volume-milliliter", "mL": "volume-milliliter",
    "cl": "volume-centiliter", "dl": "volume-deciliter", "l": "volume-liter",
    "L": "volume-liter", "µg": "mass-microgram", "μg": "mass-microgram", "mg": "mass-milligram",
    "g": "mass-gram", "kg": "mass-kilogram", "t": "mass-tonne", "lb": "mass-pound",
    "lbs": "mass-pound", "oz": "mass-ounce", "ms": "duration-millisecond",
    "s": "duration-second", "sec": "duration-second", "min": "duration-minute",
    "h": "duration-hour", "hr": "duration-hour", "hrs": "duration-hour",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte",
    "GB": "digital-gigabyte", "TB": "digital-terabyte", "Mbit": "digital-megabit",
    "Gbit": "digital-gigabit",
}  # fmt: skip

CURRENCIES = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₴": "UAH",
    "₩": "KRW", "₺": "TRY", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "US$": "USD", "A$": "AUD",
    "EUR": "EUR", "USD": "USD", "GBP": "GBP", "CHF": "CHF", "PLN": "PLN", "SEK": "SEK",
    "NOK": "NOK", "DKK": "DKK", "CZK": "CZK", "JPY": "JPY",
}  # fmt: skip
