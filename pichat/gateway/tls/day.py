"""Days, as people read them."""

from datetime import datetime


def day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"
