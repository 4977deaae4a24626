"""How often a device that sleeps is heard from, learned from itself."""

from __future__ import annotations

import msgspec

_DAY_S = 86_400.0
_WINDOW_S = 7 * _DAY_S
"""The longest silence is that of this week and the last: people are away at weekends."""
_PATIENCE = 3.0
_LEAST_S = 3600.0


class Pace(msgspec.Struct, array_like=True):
    """The longest usual silence. Only silences that somebody listened to count. In whole seconds,
    which are short to keep."""

    watched_s: int = 0  # of this week
    longest_s: int = 0  # in this week
    before_s: int = 0  # in the week before; 0: there was none yet

    def learn(self, silence_s: float) -> None:
        """The device was heard again after `silence_s`."""
        whole_s = max(round(silence_s), 0)
        self.watched_s += whole_s
        self.longest_s = max(self.longest_s, whole_s)
        if self.watched_s >= _WINDOW_S:
            self.before_s, self.longest_s, self.watched_s = self.longest_s, 0, 0

    def patience_s(self, most_s: float) -> float:
        """How long a silence means nothing. `most_s` for a device that has not been watched for a
        day and a night yet: motion sensors are quiet at night."""
        if not self.before_s and self.watched_s < _DAY_S:
            return most_s
        usual_s = max(self.longest_s, self.before_s)
        return min(max(_PATIENCE * usual_s, _LEAST_S), most_s)
