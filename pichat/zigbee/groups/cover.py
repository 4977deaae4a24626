"""The fewest groups that reach exactly those who are meant."""

from __future__ import annotations

from collections.abc import Iterable

from pichat.store.groups import Member
from pichat.zigbee.groups.membership import KeptGroup
from pichat.zigbee.groups.plan import LEAST


def cover(
    meant: frozenset[Member], groups: Iterable[KeptGroup]
) -> list[tuple[int, frozenset[Member]]]:
    """Groups in which nobody is who was not meant, and whom each is to reach: the largest first,
    as long as one saves messages. Whoever is not among them has to be told alone."""
    usable = [group for group in groups if group.possible <= meant]
    left, chosen = meant, []
    while usable:
        best = max(usable, key=lambda group: len(group.confirmed & left))
        reached = best.confirmed & left
        if len(reached) < LEAST:
            break
        chosen.append((best.number, reached))
        left -= reached
        usable.remove(best)
    return chosen
