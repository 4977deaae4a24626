"""Failures of the simulator that a person may hear of."""

from __future__ import annotations

from pichat.errors import ConfigError, PiChatError


class SimulatorError(PiChatError):
    """The simulator refused a request, or cannot be reached."""

    code = "simulator"


class SimulatorAbsentError(SimulatorError):
    """Nobody listens on the control socket."""

    code = "simulator_absent"
    retryable = True


class HouseError(ConfigError):
    """A house file cannot be used; the sentence holds every problem, a line each."""

    code = "house"
