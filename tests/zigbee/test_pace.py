"""How long a silence means nothing."""

from __future__ import annotations

from pichat.zigbee.presence.pace import Pace

HOUR_S, DAY_S = 3600.0, 86_400.0
MOST_S = 25 * HOUR_S


def heard_every(pace: Pace, silence_s: float, for_s: float) -> None:
    for _ in range(round(for_s / silence_s)):
        pace.learn(silence_s)


def test_an_hourly_device_is_missed_after_three_hours_once_it_is_known() -> None:
    pace = Pace()
    heard_every(pace, HOUR_S, 23 * HOUR_S)
    assert pace.patience_s(MOST_S) == MOST_S
    pace.learn(HOUR_S)
    assert pace.patience_s(MOST_S) == 3 * HOUR_S


def test_who_talks_all_day_may_be_quiet_at_night() -> None:
    pace = Pace()
    for _ in range(20):
        heard_every(pace, 600, 16 * HOUR_S)
        pace.learn(8 * HOUR_S)
        assert pace.patience_s(MOST_S) >= 24 * HOUR_S


def test_never_sooner_than_an_hour_and_never_later_than_the_most() -> None:
    pace = Pace()
    heard_every(pace, 60, DAY_S)
    assert pace.patience_s(MOST_S) == HOUR_S
    assert pace.patience_s(600) == 600
    pace.learn(20 * HOUR_S)
    assert pace.patience_s(MOST_S) == MOST_S


def test_what_was_usual_two_weeks_ago_is_forgotten() -> None:
    pace = Pace()
    heard_every(pace, 8 * HOUR_S, 7 * DAY_S)
    heard_every(pace, HOUR_S, 6 * DAY_S)
    assert pace.patience_s(MOST_S) == 24 * HOUR_S
    heard_every(pace, HOUR_S, 8 * DAY_S)
    assert pace.patience_s(MOST_S) == 3 * HOUR_S
