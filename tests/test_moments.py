"""Points in time as they are said."""

from __future__ import annotations

from datetime import datetime

import pytest

from pichat.moments import since, when

NOW = datetime(2026, 11, 24, 18, 30)  # noqa: DTZ001  a Tuesday, wherever it is


@pytest.mark.parametrize(
    ("then", "at", "from_then"),
    [
        (datetime(2026, 11, 24, 9, 5), "at 9:05", "since 9:05"),  # noqa: DTZ001
        (datetime(2026, 11, 23, 23, 59), "yesterday at 23:59", "since yesterday"),  # noqa: DTZ001
        (datetime(2026, 11, 20, 9, 40), "on Friday at 9:40", "since Friday"),  # noqa: DTZ001
        (datetime(2026, 11, 17, 9, 40), "on 17 November", "since 17 November"),  # noqa: DTZ001
        (datetime(2025, 12, 3), "on 3 December 2025", "since 3 December 2025"),  # noqa: DTZ001
    ],
)
def test_times_are_said_as_people_say_them(then: datetime, at: str, from_then: str) -> None:
    assert when(then.timestamp(), NOW.timestamp()) == at
    assert since(then.timestamp(), NOW.timestamp()) == from_then
