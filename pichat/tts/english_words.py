"""English as it is said where espeak-ng reads its letters and figures: times, dates, fractions,
ranges, abbreviations. What it reads right (21.5, 1st, 50%) stays as it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = "|".join(f"{name}|{name[:3]}\\.?(?!\\w)" for name in _MONTHS) + r"|Sept\.?(?!\w)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_THE = r"(?P<the>\b[Tt]he )?"
_YEAR = r"(?P<year>1[1-9]\d\d|20\d\d)"
_FRACTIONS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth"}
_CENTURIES = (
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
_DECADES = {
    "0": "hundreds", "2": "twenties", "3": "thirties", "4": "forties", "5": "fifties",
    "6": "sixties", "7": "seventies", "8": "eighties", "9": "nineties",
}  # fmt: skip
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_COINS = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_LARGE = {"k": "thousand", "m": "million", "M": "million", "bn": "billion", "B": "billion"}
_EDGE = r"(?<![\w.,/:-])"

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def english(text: str) -> str:
    """`text` as it is said. Units and other currencies are the affair of quantities.py, and come
    after this."""
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text


# --- dates and times -------------------------------------------------------------------------


def year(number: int) -> str:
    """In two halves where it is said so: “twenty 26”, “nineteen oh 5”, but “2005”."""
    century, rest = divmod(number, 100)
    if century not in range(11, 21) or 2000 <= number < 2010:
        return str(number)
    first = _CENTURIES[century - 11]
    return f"{first} {rest}" if rest > 9 else f"{first} oh {rest}" if rest else f"{first} hundred"


def ordinal(number: int) -> str:
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _date(day: int, month: str, of_year: str | None) -> str:
    name = next(each for each in _MONTHS if each.startswith(month[:3]))
    return f"the {ordinal(day)} of {name}" + (f" {year(int(of_year))}" if of_year else "")


def _iso_date(found: re.Match[str]) -> str:
    try:
        date = dt.date.fromisoformat(found[1])
    except ValueError:
        return found[0]
    return _date(date.day, _MONTHS[date.month - 1], str(date.year)) + (", " if found[2] else "")


def _slashed_date(found: re.Match[str]) -> str:
    """Day first, unless that can be no date."""
    day, month = int(found[1]), int(found[2])
    if month > 12:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found[0]
    return _date(day, _MONTHS[month - 1], found[3])


def _day_first(found: re.Match[str]) -> str:
    spoken = _date(int(found["day"]), found["month"], found["year"])
    return "T" + spoken[1:] if (found["the"] or "t")[0] == "T" else spoken


def _month_first(found: re.Match[str]) -> str:
    name = next(each for each in _MONTHS if each.startswith(found["month"][:3]))
    spoken = f"{name} {ordinal(int(found['day']))}"
    return f"{spoken}, {year(int(found['year']))}" if found["year"] else spoken


def _year_alone(found: re.Match[str]) -> str:
    return f"{found[1]} {year(int(found['year']))}"


def _decade(found: re.Match[str]) -> str:
    if found[2] not in _DECADES:
        return found[0]
    decade = _DECADES[found[2]]
    return f"{_CENTURIES[int(found[1]) - 11]} {decade}" if found[1] else f"the {decade}"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    half = (found["half"] or "").replace(".", "").lower()
    if hour > 23 or minute > 59:
        return found[0]
    if not half and (hour > 12 or hour == 0) and (not minute or not hour):
        hour, half = hour % 12 or 12, "pm" if hour >= 12 else "am"
    spoken = f"{hour} {minute}" if minute > 9 else f"{hour} oh {minute}" if minute else str(hour)
    if half:
        spoken += f" {half[0]}.m."
    elif not minute:
        spoken += " o'clock"
    if found["second"] and int(found["second"]):
        spoken += f" and {int(found['second'])} seconds"
    return spoken


# --- numbers ---------------------------------------------------------------------------------


def _fraction(found: re.Match[str]) -> str:
    whole, top, bottom = found["whole"], int(found["top"]), int(found["bottom"])
    if bottom not in _FRACTIONS or not 0 < top < bottom:
        return found[0] if whole or top > bottom or bottom < 2 else f"{top} out of {bottom}"
    name = _FRACTIONS[bottom]
    if top > 1:
        name = f"{_ONES[top]} {name}s"
    elif whole:
        name = f"a {name}" if bottom != 8 else f"an {name}"
    else:
        name = f"one {name}"
    return f"{whole} and {name}" if whole else name


def _money(found: re.Match[str]) -> str:
    coin, part = _COINS[found["coin"]]
    whole, _, rest = found["amount"].replace(",", "").partition(".")
    large = found["large"]
    if large or len(rest) not in (0, 2):
        amount = f"{whole}.{rest}" if rest else whole
        return f"{amount} {_LARGE.get(large, large) + ' ' if large else ''}{coin}s"
    cents = int(rest or 0)
    parts = f"{cents} {part if cents == 1 else 'pence' if part == 'penny' else part + 's'}"
    if not int(whole) and cents:
        return parts
    spoken = f"{whole} {coin if int(whole) == 1 else coin + 's'}"
    return f"{spoken} and {parts}" if cents else spoken


def _range(found: re.Match[str]) -> str:
    low, high = found["low"], found["high"]
    if "-" in found[0]:  # may be a telephone's number as well
        rising = float(low.replace(",", "")) < float(high.replace(",", ""))
        if not rising or (len(low) != len(high) and len(high) > 3):
            return found[0]
    return f"{low} to {high}"


def _dotted(found: re.Match[str]) -> str:
    return found[0].replace(".", " dot " if found[0].count(".") == 3 else " point ")


_RULES: list[Rule] = [
    (re.compile(_EDGE + r"(\d{4}-\d\d-\d\d)(?:(T)(?=\d)|(?![\d-]))"), _iso_date),
    (re.compile(_EDGE + r"(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])"), _slashed_date),
    (
        re.compile(rf"{_THE}(?<![\w.,:/-]){_DAY}(?: of)? (?P<month>{_MONTH})(?:,? {_YEAR}\b)?"),
        _day_first,
    ),
    (re.compile(rf"\b(?P<month>{_MONTH}) {_DAY}(?![\w:.,]\d|\w)(?:,? {_YEAR}\b)?"), _month_first),
    (
        re.compile(rf"\b([Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|{_MONTH}) {_YEAR}(?![.,]?\d| ?[%°])"),
        _year_alone,
    ),
    (re.compile(r"\b(?:(1[1-9]|20)|[Tt]he )'?(\d)0'?s\b"), _decade),
    (
        re.compile(
            r"(?<![\w.,:/])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?![\d:])"
            r"(?: ?(?P<half>[AaPp](?:\.[Mm]\.|[Mm]\b)))?"
        ),
        _time,
    ),
    (re.compile(r"(?<=\d) ?([AaPp])[Mm]\b"), r" \1.m."),
    (
        re.compile(
            r"(?<![\w.])(?P<coin>[$€£])(?P<amount>\d+(?:,\d{3})*(?:\.\d+)?)"
            r"(?: ?(?P<large>[kMB]|bn|m|thousand|million|billion|trillion)\b)?"
        ),
        _money,
    ),
    (re.compile(_EDGE + r"24/7\b"), "24 7"),
    (
        re.compile(_EDGE + r"(?:(?P<whole>\d+) )?(?P<top>\d)/(?P<bottom>\d{1,2})(?![\w./%])"),
        _fraction,
    ),
    (re.compile(r"(?<=\d) ?(?=[½¼¾⅓⅔⅛])"), " and "),
    (
        re.compile(
            r"(?<![\w.,/:+−-])(?P<low>\d[\d,]*(?:\.\d+)?)(?: ?[–—] ?|-)"
            r"(?P<high>\d[\d,]*(?:\.\d+)?)(?![\w.,/:]?\d|-)"
        ),
        _range,
    ),
    (re.compile(r"(?<=\d) ?[–—] ?(?=\d)|(?<=o'clock)[–-](?=\d)|(?<=\.m\.)[–-](?=\d)"), " to "),
    (re.compile(r"(?<![\w.])\d+(?:\.\d+){2,}(?![\w.]\d)"), _dotted),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), ""),  # espeak-ng would pause there
    (re.compile(r"\b[Ee]\.\s?g\.,?"), "for example,"),
    (re.compile(r"\b[Ii]\.\s?e\.,?"), "that is,"),
    (re.compile(r"\bvs\.?(?!\w)"), "versus"),
    (re.compile(r"\b[Aa]pprox\.(?!\w)"), "approximately"),
    (re.compile(r"(?:\b[Nn]o\. ?|#)(?=\d)"), "number "),
    (re.compile(r"(?<!\w)[~≈] ?(?=[\d$€£])"), "about "),
    (re.compile(r"\s?±\s?"), " plus or minus "),
    (re.compile(r"\b(CO|H|O|NO)([₂2])(O?)(?!\w)"), lambda f: " ".join([*f[1], "2", *f[3]])),
    (re.compile(r"\s&\s"), " and "),
    (re.compile(r"(?<!\d)(?<!\d )\b([a-z]{2,})/(?=[a-z]{2,}\b)"), r"\1 or "),
    (re.compile(r"(?<=\d) ?[x×] ?(?=\d)"), " by "),
    (re.compile(r"(?<=\d)[x×](?!\w)"), " times"),
    (re.compile(r"(?<=°[CF])/(?=\d)"), ", or "),
    (re.compile(r"\s?(?:→|➜|➔|->|=>)\s?"), " to "),
]
