"""Buttons of Aqara, which report their presses as attributes."""

from __future__ import annotations

from pichat.zigbee.buttons import ButtonTable, Heard, Press
from pichat.zigbee.definition import Definition, Reach, define
from pichat.zigbee.local import LocalBattery
from pichat.zigbee.makers.aqara_struct import AqaraBasic, AqaraOwn

_ON_OFF, _MULTISTATE = 0x0006, 0x0012
_STATE = 0x0055  # present_value
_CLICKS = 0x8000
_PRESSES = {0: "hold", 1: "single", 2: "double", 3: "triple", 255: "release"}
_BY_CLICKS = {1: "single", 2: "double", 3: "triple", 4: "quadruple"}
_BUTTONS_MODE = 1  # else it commands lights that it is bound to


def _by_state(heard: Heard) -> Press | None:
    """Each button has an endpoint of its own."""
    press = _PRESSES.get(int(heard.told))
    return None if press is None else (str(heard.endpoint), press)


def _switched(heard: Heard) -> Press | None:
    return ("1", "single") if heard.told else None


def _clicked(heard: Heard) -> Press | None:
    press = _BY_CLICKS.get(int(heard.told))
    return None if press is None else ("1", press)


async def _opple(reach: Reach) -> None:
    if own := reach(1, AqaraOwn.cluster_id):
        await own.write({"mode": _BUTTONS_MODE})


define(
    Definition(
        name="Aqara button WXKG11LM",
        models=frozenset({"lumi.remote.b1acn01"}),
        servers={1: (AqaraBasic, LocalBattery)},
        skip_configuration=True,
        buttons=ButtonTable(reports={(_MULTISTATE, _STATE): _by_state}),
    )
)
define(
    Definition(
        name="Aqara button WXKG11LM of 2016",
        models=frozenset({"lumi.sensor_switch.aq2"}),
        servers={1: (AqaraBasic, LocalBattery)},
        hidden=frozenset({_ON_OFF}),
        skip_configuration=True,
        buttons=ButtonTable(reports={(_ON_OFF, 0x0000): _switched, (_ON_OFF, _CLICKS): _clicked}),
    )
)
define(
    Definition(
        name="Aqara Opple switch WXCJKG11LM, 12LM and 13LM",
        models=frozenset(
            {"lumi.remote.b286opcn01", "lumi.remote.b486opcn01", "lumi.remote.b686opcn01"}
        ),
        servers={1: (AqaraOwn, LocalBattery)},
        hidden=frozenset({_ON_OFF}),
        skip_configuration=True,
        buttons=ButtonTable(reports={(_MULTISTATE, _STATE): _by_state}),
        prepare=_opple,
    )
)
