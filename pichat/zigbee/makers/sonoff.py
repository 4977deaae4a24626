"""Sonoff's button, which tells three ways of pressing by the three commands of a switch."""

from __future__ import annotations

from pichat.zigbee.buttons import ButtonTable
from pichat.zigbee.definition import Definition, define

define(
    Definition(
        name="Sonoff button SNZB-01",
        models=frozenset({"WB01", "WB-01"}),
        manufacturers=frozenset({"eWeLink"}),
        buttons=ButtonTable(
            commands={
                (0x0006, 0x02): ("1", "single"),
                (0x0006, 0x01): ("1", "double"),
                (0x0006, 0x00): ("1", "hold"),
            }
        ),
    )
)
