"""Bindings, reporting and first values of a device that has joined.

That a cluster was set up is remembered through zigpy's database: a reading of its reported
attributes is the last step, and what is read is stored there. So a start with known devices sends
nothing before it is ready, and a capability added by a later version is set up by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

import structlog

from pichat.zigbee.air import Port, RefusedError, SilentError
from pichat.zigbee.converter import Report, converters_of
from pichat.zigbee.view import DeviceView

log = structlog.get_logger(__name__)

_ATTEMPTS = 3


def _unknown(port: Port, attributes: Iterable[str]) -> list[str]:
    """Those that the device has told neither the value nor the lack of."""
    unique = dict.fromkeys(attributes)
    return [name for name in unique if port.get(name) is None and port.supported(name)]


def _tells_by_itself(port: Port) -> bool:
    """Whether there is nothing to set up: the device refuses it, or has no such cluster."""
    cluster = port.cluster
    return cluster.endpoint.device.skip_configuration or getattr(cluster, "local", False)


def is_configured(port: Port) -> bool:
    if _tells_by_itself(port):
        return True
    converters = converters_of(port.cluster.cluster_id)
    if _unknown(port, (name for c in converters for name in c.described_by)):
        return False
    reports = (report for c in converters if c.present(port) for report in c.reports)
    return not _unknown(port, (report.attribute for report in reports))


async def configure(
    view: DeviceView,
    coordinator: Any,
    *,
    anew: bool = False,
    told: Callable[[str], None] | None = None,
) -> bool:
    """Set up each cluster that is not yet, or every one `anew`. Returns whether all are. `told`
    hears how many of them are."""
    todo = [
        port
        for port in view.ports
        if not is_configured(port) or (anew and not _tells_by_itself(port))
    ]
    # What a device is told first decides how it speaks; and a remote's bindings leave no trace in
    # the database, so they stand before the readings that do.
    if (anew or todo) and not await _introduce(view):
        view.refit()
        return False
    finished = 0

    async def one(port: Port) -> bool:
        nonlocal finished
        set_up = partial(_configure_cluster, port.urgent(), coordinator)
        done = await _attempted(set_up, "set-up", cluster=str(port.cluster.ep_attribute))
        finished += 1
        if told is not None:
            told(f"cluster {finished} of {len(todo)}")
        return done

    done = await asyncio.gather(*map(one, todo))
    view.refit()
    return all(done)


async def _introduce(view: DeviceView) -> bool:
    """What its maker wants of who takes it in, and where its buttons' presses go."""
    steps: list[Callable[[], Awaitable[None]]] = []
    if view.definition is not None and view.definition.prepare is not None:
        steps.append(partial(view.definition.prepare, view.reach))
    own = view.definition is not None and view.definition.buttons is not None
    if (own or view.remote) and not view.zigpy.skip_configuration:
        steps += [control.urgent().bind for control in view.controls]
    return all([await _attempted(step, "introduction", device=view.id) for step in steps])


async def _attempted(step: Callable[[], Awaitable[None]], what: str, **about: str) -> bool:
    """Whether there was an answer, be it a refusal."""
    for _ in range(_ATTEMPTS):
        try:
            await step()
        except SilentError:
            continue
        except RefusedError as error:
            log.warning(f"{what} refused", **about, reason=str(error))
        return True
    log.warning(f"{what} unanswered", **about)
    return False


async def _configure_cluster(port: Port, coordinator: Any) -> None:
    converters = converters_of(port.cluster.cluster_id)
    described = _unknown(port, (name for c in converters for name in c.described_by))
    if described:
        await port.read(described)
    present = [converter for converter in converters if converter.present(port)]
    if not present:
        return
    await port.bind()
    for converter in present:
        await converter.set_up(port, coordinator)
    reports = {report.attribute: report for c in present for report in c.reports}
    supported = [report for name, report in reports.items() if port.supported(name)]
    await _configure_reports(port, supported)
    if supported:
        await port.read([report.attribute for report in supported])


async def _configure_reports(port: Port, reports: Sequence[Report]) -> None:
    from zigpy.zcl.helpers import ReportingConfig  # at start, zigpy is not there yet

    config = {
        port.cluster.find_attribute(report.attribute): ReportingConfig(
            min_interval=report.min_interval_s,
            max_interval=report.max_interval_s,
            reportable_change=report.change or 0,  # type: ignore[arg-type]  # or a float, as the attribute
        )
        for report in reports
        if report.configure
    }
    if config:
        await port.configure(config)
