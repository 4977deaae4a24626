"""Numbers with their units, in any language: “21.5 °C” as its speakers say it.

The words are those of the Unicode CLDR, which Babel carries for every language. Of a language its
own file alone is read, when its first unit is spoken: 2 MB and 25 ms, the half of what Babel takes
by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from pichat.tts.unit_symbols import CURRENCIES, UNITS

_SPACES = " \u00a0\u202f"
NUMBER = r"\d{1,3}(?:[\u00a0\u202f']\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
_UNIT = "|".join(re.escape(symbol) for symbol in sorted(UNITS, key=len, reverse=True))
_CURRENCY = "|".join(re.escape(symbol) for symbol in sorted(CURRENCIES, key=len, reverse=True))
_RANGE = rf"(?:(?P<low>(?<![\w.,])[-−]?(?:{NUMBER}))[{_SPACES}]?[-–—][{_SPACES}]?)?"
_SIGN = r"(?<![\w.,])(?P<sign>[-−])?"
_QUANTITY = re.compile(
    rf"{_RANGE}{_SIGN}(?P<number>{NUMBER})[{_SPACES}]?(?P<unit>{_UNIT})"
    rf"(?:/(?P<per>{_UNIT}))?(?![\w²³°]|/[^\W\d])"
)
_MONEY = re.compile(
    rf"{_SIGN}(?:(?P<before>{_CURRENCY})[{_SPACES}]?(?P<number>{NUMBER})"
    rf"|(?P<plain>{NUMBER})[{_SPACES}]?(?P<after>{_CURRENCY})(?!\w))"
)
_MINUS = re.compile(r"(?:(?<=^)|(?<=[\s(:]))[-−](?=\d)|−(?=\d)")
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}")

# espeak-ng says nothing, or “minus” in English, for the sign in most languages.
_MINUS_WORDS = {
    "bg": "минус", "ca": "menys", "el": "μείον", "es": "menos", "et": "miinus", "fi": "miinus",
    "fr": "moins", "gl": "menos", "hu": "mínusz", "it": "meno", "ja": "マイナス", "ko": "마이너스",
    "lt": "minus", "lv": "mīnus", "nl": "min", "pt": "menos", "ru": "минус", "sk": "mínus",
    "sr": "минус", "tr": "eksi", "uk": "мінус", "zh": "负",
}  # fmt: skip
_TO_WORDS = {
    "ca": "a", "cs": "až", "da": "til", "de": "bis", "en": "to", "es": "a", "fr": "à", "it": "a",
    "nb": "til", "nl": "tot", "pl": "do", "pt": "a", "ro": "până la", "ru": "до", "sk": "až",
    "sv": "till", "uk": "до",
}  # fmt: skip
# Where CLDR keeps a language of home-assistant-intents under another name.
_FILES = {"nb": "no", "sr-latn": "sr_Latn", "zh-hk": "zh_Hant", "zh-tw": "zh_Hant"}


class _Words(NamedTuple):
    """What CLDR knows of a language. `plural`: number → the key into the forms of a word."""

    units: dict[str, dict[str, dict[str, str]]]
    per: str
    currencies: dict[str, str]
    currencies_plural: dict[str, dict[str, str]]
    plural: Callable[[Decimal], str]
    decimal: str
    group: str

    def currency(self, code: str) -> dict[str, str] | None:
        """The forms of its name."""
        name = self.currencies.get(code)
        return self.currencies_plural.get(code) or ({"other": name} if name else None)


def quantities(text: str, language: str) -> str:
    """`text` with its units, currencies and minus signs in words. Numbers stay digits."""
    code = language.lower().replace("_", "-")
    text = _MONEY.sub(lambda found: _money(found, code), text)
    text = _QUANTITY.sub(lambda found: _quantity(found, code), text)
    minus = _MINUS_WORDS.get(_base(code), "minus")
    return _MINUS.sub(f"{minus} ", text)


def word_to(language: str) -> str | None:
    """What stands between the two ends of a range."""
    return _TO_WORDS.get(_base(language))


def _quantity(found: re.Match[str], code: str) -> str:
    words = _words(code)
    value = _value(found["number"], words) if words else None
    forms = words.units.get(UNITS[found["unit"]], {}).get("long") if words else None
    if words is None or value is None or not forms:
        return found[0]
    spoken = _form(forms, words.plural(value))
    if found["per"]:
        other = words.units.get(UNITS[found["per"]], {}).get("long")
        if not other or not words.per:
            return found[0]
        one = _form(other, words.plural(Decimal(1))).replace("{0}", "").strip()
        spoken = words.per.replace("{0}", spoken).replace("{1}", one)
    number = _signed(found["sign"], _digits(value, words), code)
    if found["low"]:
        number = _from(found["low"], words, code) + number
    return spoken.replace("{0}", number).replace("\u00a0", " ")


def _from(low: str, words: _Words, code: str) -> str:
    value = _value(low.lstrip("-−"), words)
    digits = low if value is None else _digits(value, words)
    to = word_to(code)
    return _signed(low[0] in "-−", digits, code) + (f" {to} " if to else "–")


def _money(found: re.Match[str], code: str) -> str:
    words = _words(code)
    currency = CURRENCIES[found["before"] or found["after"]]
    value = _value(found["number"] or found["plain"], words) if words else None
    forms = words.currency(currency) if words else None
    if words is None or value is None or not forms:
        return found[0]
    name = _form(forms, words.plural(value))
    return f"{_signed(found['sign'], _digits(value, words), code)} {name}"


def _form(forms: dict[str, str], plural: str) -> str:
    return forms.get(plural) or forms.get("other") or next(iter(forms.values()))


def _signed(sign: str | bool | None, number: str, code: str) -> str:
    return f"{_MINUS_WORDS.get(_base(code), 'minus')} {number}" if sign else number


def _value(text: str, words: _Words) -> Decimal | None:
    """A number as people and models write it, with the separators of the language or of the
    other one: “21.5” is no rarer in a German answer than “21,5”."""
    text = re.sub(f"[{_SPACES}']", "", text)
    last = max(text.rfind("."), text.rfind(","))
    grouped = _GROUPED.fullmatch(text)
    separators = {letter for letter in text if letter in ".,"}
    many = len(separators) == 1 and text.count(text[last]) > 1
    if last >= 0 and (many or (grouped and grouped[1] == words.group)):
        last = -1
    whole = text if last < 0 else text[:last]
    digits = re.sub("[.,]", "", whole) + (f".{text[last + 1 :]}" if last >= 0 else "")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def _digits(value: Decimal, words: _Words) -> str:
    return f"{value:f}".replace(".", words.decimal)


def _base(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


@cache
def _words(code: str) -> _Words | None:
    """None for a language that CLDR does not know: the voice has to do as well as it can."""
    from babel import localedata

    name = _FILES.get(code) or _base(code)
    if not localedata.exists(name):
        return None
    # Not what it inherits: that doubles the memory, and no language inherits its words.
    data: Any = localedata.load(name, merge_inherited=False)
    symbols = data.get("number_symbols", {}).get("latn", {})
    return _Words(
        units=data.get("unit_patterns", {}),
        per=data.get("compound_unit_patterns", {})
        .get("per", {})
        .get("long", {})
        .get("compound", ""),
        currencies=data.get("currency_names", {}),
        currencies_plural=data.get("currency_names_plural", {}),
        plural=data.get("plural_form") or (lambda _value: "other"),
        decimal=symbols.get("decimal", "."),
        group=symbols.get("group", ","),
    )
