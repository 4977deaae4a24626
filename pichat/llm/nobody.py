"""What is said when no model answers: short, because it is listened to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pichat.events import Tried

_WHY = {
    "not_found": "no language model is installed",
    "not_allowed": "the cloud is not allowed",
}
_HOW = {
    "rate_limited": "{} wants a pause",
    "model_refused": "{} refuses",
    "busy": "{} is busy",
    "unavailable": "{} cannot be used now",
}
_NAMES = {"local": "the language model"}


def nobody_answers(tried: Sequence[Tried]) -> str:
    """One sentence with the reason of each step, those of one kind together."""
    # An absent model is no news beside one that is there and fails.
    told = [each for each in tried if each.code != "not_found"]
    asked = any(each.code not in _WHY for each in tried)
    reasons = dict.fromkeys(map(_reason, told if asked else tried))
    why = _listed(reasons) or _WHY["not_found"]
    return f"I can only do commands for the house: {why}."


def _reason(tried: Tried) -> str:
    fixed = _WHY.get(tried.code)
    if fixed is not None:
        return fixed
    name = tried.provider.partition(":")[0]
    return _HOW.get(tried.code, "{} does not answer").format(_NAMES.get(name, name))


def _listed(reasons: Iterable[str]) -> str:
    *first, last = [*reasons] or [""]
    return f"{', '.join(first)} and {last}" if first else last
