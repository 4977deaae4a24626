"""The daemon itself."""

from datetime import datetime

import msgspec

from pichat import __version__
from pichat.events import PartStatus
from pichat.gateway.context import Context
from pichat.gateway.protocol import now
from pichat.gateway.registry import action
from pichat.health import Health


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Pong(msgspec.Struct, frozen=True, kw_only=True):
    """`time` is the daemon's clock, UTC."""

    time: datetime


class GetHealth(msgspec.Struct, frozen=True, kw_only=True):
    pass


class PartReport(msgspec.Struct, frozen=True, kw_only=True):
    status: PartStatus
    reason: str | None


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is the worst of the parts: ok, degraded or failed."""

    status: PartStatus
    version: str
    parts: dict[str, PartReport]


def health_report(health: Health) -> HealthReport:
    return HealthReport(
        status=health.overall(),
        version=__version__,
        parts={
            name: PartReport(status=part.status, reason=part.reason)
            for name, part in sorted(health.parts().items())
        },
    )


@action("ping", needs="guest", reply="pong")
def ping(context: Context, payload: Ping) -> Pong:  # noqa: ARG001
    """Ask whether the daemon answers, and what time it has."""
    return Pong(time=now())


@action("get_health", needs="guest")
def get_health(context: Context, payload: GetHealth) -> HealthReport:  # noqa: ARG001
    """Tell the condition of each part, with the reason where it is not ok."""
    return health_report(context.services.health)
