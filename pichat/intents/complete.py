"""How far what was said is on its way to a command."""

from __future__ import annotations

from enum import Enum


class Completeness(Enum):
    """How far a text is on its way to a command.

    UNKNOWN: it is no beginning of a command (other speech, misheard, nothing said).
    OPEN: the beginning of a command, and none yet: "turn on the".
    WHOLE: a command that could go on into another one: "turn off the lights" (in the kitchen).
    COMPLETE: a command, and nothing that a person would add could change it. That a second
    device or room is added with "and" does not count: "turn on the kitchen light" (and …).
    """

    UNKNOWN = "unknown"
    OPEN = "open"
    WHOLE = "whole"
    COMPLETE = "complete"
