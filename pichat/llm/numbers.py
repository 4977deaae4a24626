"""Numbers between bounds, in GBNF: the digits that may follow each other."""

from __future__ import annotations

from math import ceil, floor

from pichat.llm.schema import Schema

_MOST_DIGITS = 15  # a double holds them all
_FARTHEST = 10**_MOST_DIGITS - 1
_FRACTION = '"." [0-9]{1,6}'


def integers(schema: Schema) -> str:
    """The integers that its bounds allow. Raises ValueError when there is none."""
    lowest, highest = _bounds(schema)
    return _either([*_signed(lowest, highest)])


def numbers(schema: Schema) -> str:
    """The numbers that its bounds allow, whole or with a decimal fraction, and no exponent. Near a
    bound that is no whole number some are left out. Raises ValueError when there is none."""
    lowest, highest = _bounds(schema)
    whole = _signed(lowest, highest)
    above = _digits(max(0, lowest), highest - 1)
    below = _digits(max(0, -highest), -lowest - 1)
    fractions = [f"{each} {_FRACTION}" for each in above]
    fractions += [f'"-" {each} {_FRACTION}' for each in below]
    return _either(whole + fractions)


def _bounds(schema: Schema) -> tuple[int, int]:
    """The lowest and the highest integer within them."""
    lowest, highest = -_FARTHEST, _FARTHEST
    if "minimum" in schema:
        lowest = max(lowest, ceil(schema["minimum"]))
    if "exclusiveMinimum" in schema:
        lowest = max(lowest, floor(schema["exclusiveMinimum"]) + 1)
    if "maximum" in schema:
        highest = min(highest, floor(schema["maximum"]))
    if "exclusiveMaximum" in schema:
        highest = min(highest, ceil(schema["exclusiveMaximum"]) - 1)
    return lowest, highest


def _either(options: list[str]) -> str:
    if not options:
        raise ValueError("no number is within the bounds")
    return f"({' | '.join(options)})"


def _signed(lowest: int, highest: int) -> list[str]:
    negative = [f'"-" {each}' for each in _digits(max(1, -highest), -lowest)]
    return _digits(max(0, lowest), highest) + negative


def _digits(lowest: int, highest: int) -> list[str]:
    """Those from `lowest` (0 or more) to `highest`: one expression at most, none when empty."""
    if lowest > highest:
        return []
    options: list[str] = []
    while lowest <= highest:
        last = min(highest, 10 ** len(str(lowest)) - 1)  # the last with as many digits
        options.append(_between(str(lowest), str(last)))
        lowest = last + 1
    return [f"({' | '.join(options)})"]


def _between(low: str, high: str) -> str:
    """Both with as many digits."""
    if not low:
        return '""'
    if low[0] == high[0]:
        rest = _between(low[1:], high[1:])
        return f'"{low[0]}" {rest}' if low[1:] else f'"{low[0]}"'
    more = len(low) - 1
    first, last = int(low[0]), int(high[0])
    options: list[str] = []
    if low[1:].strip("0"):
        options.append(f'"{first}" {_between(low[1:], "9" * more)}')
        first += 1
    ending: list[str] = []
    if high[1:].strip("9"):
        ending.append(f'"{last}" {_between("0" * more, high[1:])}')
        last -= 1
    if first <= last:
        options.append(f"[{first}-{last}]" + (f" [0-9]{{{more}}}" if more else ""))
    return f"({' | '.join(options + ending)})"
