"""Points in time as they are said. All are in seconds since the epoch, told in local time."""

from __future__ import annotations

from datetime import datetime

_WEEK_DAYS = 7


def clock(then_s: float) -> str:
    """The hour: "9:40"."""
    then = _local(then_s)
    return f"{then.hour}:{then.minute:02}"


def when(then_s: float, now_s: float) -> str:
    """ "at 9:40", "yesterday at 9:40", "on Tuesday at 9:40", "on 3 November"."""
    days = _days(then_s, now_s)
    if days <= 0:
        return f"at {clock(then_s)}"
    if days == 1:
        return f"yesterday at {clock(then_s)}"
    if days < _WEEK_DAYS:
        return f"on {_local(then_s):%A} at {clock(then_s)}"
    return f"on {_date(then_s, now_s)}"


def since(then_s: float, now_s: float) -> str:
    """ "since 9:40", "since yesterday", "since Tuesday", "since 3 November"."""
    days = _days(then_s, now_s)
    if days <= 0:
        return f"since {clock(then_s)}"
    if days == 1:
        return "since yesterday"
    if days < _WEEK_DAYS:
        return f"since {_local(then_s):%A}"
    return f"since {_date(then_s, now_s)}"


def _local(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s).astimezone()


def _days(then_s: float, now_s: float) -> int:
    return (_local(now_s).date() - _local(then_s).date()).days


def _date(then_s: float, now_s: float) -> str:
    then = _local(then_s)
    year = "" if then.year == _local(now_s).year else f" {then.year}"
    return f"{then.day} {then:%B}{year}"
