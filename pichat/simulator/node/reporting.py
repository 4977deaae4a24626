"""Attribute reporting: minimum and maximum interval and reportable change (ZCL 8, 2.5.11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pichat.simulator.node import types
from pichat.simulator.node.cluster import Attribute, Cluster, Status
from pichat.simulator.node.types import Value
from pichat.simulator.wire.codec import u8, u16

NEVER_S = 0xFFFF
Key = tuple[int, int, int]  # endpoint, cluster, attribute


@dataclass
class Config:
    """One configured attribute. `most_s` 0: no periodic report."""

    cluster: Cluster
    attribute: Attribute
    least_s: int
    most_s: int
    change: float
    sent: Value | None = None
    sent_at: float = float("-inf")
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)
    due: bool = False

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Reporting:
    """The reporting configuration of one device. `send(cluster, records)` sends one report frame.

    Reports leave in the loop's next pass, so that the response to the command that caused the
    change goes first and changes of one cluster share a frame.
    """

    def __init__(self, send: Callable[[Cluster, bytes], None]) -> None:
        self._send = send
        self._configs: dict[Key, Config] = {}
        self._loop = asyncio.get_running_loop()
        self._flushing = False
        self._running = False

    def configure(
        self, cluster: Cluster, attribute: Attribute, least_s: int, most_s: int, change: float
    ) -> Status:
        key = (cluster.endpoint, cluster.id, attribute.id)
        if not attribute.reportable:
            return Status.UNREPORTABLE_ATTRIBUTE
        if most_s not in (0, NEVER_S) and most_s < least_s:
            return Status.INVALID_VALUE
        old = self._configs.pop(key, None)
        if old is not None:
            old.stop()
        if most_s != NEVER_S:
            self._configs[key] = config = Config(cluster, attribute, least_s, most_s, change)
            config.sent = cluster.values[attribute.id]
            self._plan(config)
        return Status.SUCCESS

    def find(self, cluster: Cluster, attribute: int) -> Config | None:
        return self._configs.get((cluster.endpoint, cluster.id, attribute))

    def start(self) -> None:
        """The device is on a network: periodic reports run."""
        self._running = True
        for config in self._configs.values():
            self._plan(config)

    def stop(self) -> None:
        self._running = False
        for config in self._configs.values():
            config.stop()

    def clear(self) -> None:
        self.stop()
        self._configs.clear()

    def changed(self, cluster: Cluster, attribute: int) -> None:
        config = self.find(cluster, attribute)
        if config is None or not self._running or config.due:
            return
        value = cluster.values[attribute]
        if types.is_analog(config.attribute.kind) and config.sent is not None:
            moved = abs(float(value) - float(config.sent))
            if moved < max(config.change, 1e-9):
                return
        wait_s = config.sent_at + config.least_s - self._loop.time()
        if wait_s <= 0:
            self._make_due(config)
        else:
            config.stop()
            config.timer = self._loop.call_later(wait_s, self._after_minimum, config)

    def _after_minimum(self, config: Config) -> None:
        if config.cluster.values[config.attribute.id] != config.sent:
            self._make_due(config)
        else:
            self._plan(config)

    def _make_due(self, config: Config) -> None:
        config.due = True
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        by_cluster: dict[int, list[Config]] = {}
        for config in self._configs.values():
            if config.due:
                by_cluster.setdefault(id(config.cluster), []).append(config)
        for configs in by_cluster.values():
            self._report(configs)

    def _report(self, configs: list[Config]) -> None:
        records = b""
        now = self._loop.time()
        for config in configs:
            config.due = False
            value = config.cluster.values[config.attribute.id]
            config.sent, config.sent_at = value, now
            kind = config.attribute.kind
            records += u16(config.attribute.id) + u8(kind) + types.pack(kind, value)
            self._plan(config)
        if self._running:
            self._send(configs[0].cluster, records)

    def _plan(self, config: Config) -> None:
        config.stop()
        if self._running and config.most_s:
            config.timer = self._loop.call_later(config.most_s, self._make_due, config)

    def dump(self) -> list[tuple[int, int, int, int, int, float]]:
        return [(*key, c.least_s, c.most_s, c.change) for key, c in self._configs.items()]

    def load(
        self,
        kept: Iterable[tuple[int, int, int, int, int, float]],
        find: Callable[[int, int], Cluster | None],
    ) -> None:
        for endpoint, cluster_id, number, least_s, most_s, change in kept:
            cluster = find(endpoint, cluster_id)
            if cluster is not None and number in cluster.known:
                self.configure(cluster, cluster.known[number], least_s, most_s, change)
