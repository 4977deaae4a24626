"""From a port to a network: connecting, and whether the network is the one that is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from pichat.config.types import Zigbee
from pichat.zigbee.stick.failures import is_serial, the_stick
from pichat.zigbee.stick.libraries import Library, library_of
from pichat.zigbee.stick.refusal import RefusedStickError, empty_stick, judge
from pichat.zigbee.stick.restore import write_network

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

log = structlog.get_logger(__name__)


async def connect(app: ControllerApplication, config: Zigbee) -> None:
    """The stick answers. Raises TimeoutError, OSError, or what the library does."""
    # A stick that comes back is taken up only when the waiting for it starts anew. On the network
    # the library's own patience is needed, and counts from an answer at the other end.
    patience_s = library_of(config.radio).connect_s if is_serial(config.path) else None
    async with asyncio.timeout(patience_s):
        await app.connect()


async def start_network(app: ControllerApplication, config: Zigbee) -> None:
    """The stick's network runs: the one that is known or, if there is none yet, the one that the
    stick holds, or a new one. Raises RefusedStickError, and what `connect` raises."""
    from zigpy.exceptions import NetworkNotFormed, NetworkSettingsInconsistent

    await connect(app, config)
    try:
        await app.initialize(auto_form=False)
    except NetworkNotFormed:
        await _give_network(app, library_of(config.radio), the_stick(config))
    except NetworkSettingsInconsistent as error:
        refusal = judge(the_stick(config), error.new_state, error.old_state)
        if refusal is not None:
            raise RefusedStickError(refusal) from error
        log.info("network changed meanwhile", channel=int(error.new_state.network_info.channel))
        app.backups.add_backup(error.new_state)
    else:
        return
    await app.initialize(auto_form=False)


async def _give_network(app: ControllerApplication, library: Library, stick: str) -> None:
    known = app.backups.most_recent_backup()
    if known is None:
        await app.form_network()
    elif await library.address(app) == known.node_info.ieee:
        log.warning("the stick has forgotten its network, which is restored")
        await write_network(app, known)
    else:
        raise RefusedStickError(empty_stick(stick))
