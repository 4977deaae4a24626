"""Figures for Prometheus, in a registry of their own, gathered from the same events as screens."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from pichat import __version__
from pichat.events import Event, TurnFinished, TurnStarted, TurnTool
from pichat.gateway.services.house import House
from pichat.health import Health

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATUSES = ("ok", "degraded", "failed", "off")
_TURNS_UNDER_WAY = 256


class _Now(Collector):
    """Conditions that are read when Prometheus asks."""

    def __init__(self, house: House, health: Health, screens: Callable[[], int]) -> None:
        self._house = house
        self._health = health
        self._screens = screens

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "pichat_screens", "Clients connected by WebSocket.", value=self._screens()
        )
        devices = self._house.devices()
        reachable = GaugeMetricFamily(
            "pichat_devices", "Devices, by whether they answer.", labels=["available"]
        )
        available = sum(device.available for device in devices)
        reachable.add_metric(["true"], available)
        reachable.add_metric(["false"], len(devices) - available)
        yield reachable
        parts = GaugeMetricFamily(
            "pichat_part_status", "1 for the status that a part has.", labels=["part", "status"]
        )
        for name, part in self._health.parts().items():
            for status in _STATUSES:
                parts.add_metric([name, status], float(part.status == status))
        yield parts
        version = GaugeMetricFamily("pichat_info", "Always 1.", labels=["version"])
        version.add_metric([__version__], 1)
        yield version


class Metrics:
    """Counts what `observe` is shown."""

    def __init__(self, house: House, health: Health, screens: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Now(house, health, screens))
        self._turns = Counter(
            "pichat_turns",
            "Turns, by where they came from and how they ended.",
            ["source", "outcome"],
            registry=self._registry,
        )
        self._stages = Histogram(
            "pichat_turn_stage_seconds",
            "Time that each stage of a turn took.",
            ["stage"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._tools = Counter(
            "pichat_tool_outcomes",
            "What tools did to devices in turns, by tool and outcome.",
            ["tool", "outcome"],
            registry=self._registry,
        )
        self._sources: OrderedDict[str, str] = OrderedDict()

    def observe(self, event: Event) -> None:
        if isinstance(event, TurnStarted):
            self._sources[event.turn_id] = event.source
            if len(self._sources) > _TURNS_UNDER_WAY:
                self._sources.popitem(last=False)
        elif isinstance(event, TurnTool):
            for outcome in event.result.outcomes:
                self._tools.labels(event.call.name, outcome.error_code or "ok").inc()
        elif isinstance(event, TurnFinished):
            source = self._sources.pop(event.turn_id, "unknown")
            self._turns.labels(source, event.code or "ok").inc()
            for stage, took_ms in event.timings_ms.items():
                self._stages.labels(stage).observe(took_ms / 1000)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
