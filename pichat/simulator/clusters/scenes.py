"""Scenes (ZCL 8, section 3.7): stored states that a group recalls together."""

from __future__ import annotations

from typing import ClassVar

from pichat.simulator.node.cluster import (
    Answer,
    Attribute,
    Cluster,
    Outcome,
    Request,
    Status,
    command,
)
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import Reader, counted, u8, u16

COUNT, CURRENT, GROUP, VALID = 0x0000, 0x0001, 0x0002, 0x0003
CAPACITY = 16
RECALL = 0x05
Key = tuple[int, int]  # group, scene


class Scenes(Cluster):
    id: ClassVar[int] = 0x0005
    attributes = (
        Attribute(COUNT, Type.UINT8, 0),
        Attribute(CURRENT, Type.UINT8, 0),
        Attribute(GROUP, Type.UINT16, 0),
        Attribute(VALID, Type.BOOL, False),
        Attribute(0x0004, Type.BITMAP8, 0, reportable=False),
    )
    generated = (0x00, 0x01, 0x02, 0x03, 0x04, 0x06)

    def set_up(self) -> None:
        self._stored: dict[Key, tuple[int, bytes]] = {}  # transition in s, extension fields

    def lie(self, command: int) -> Outcome:
        return Status.SUCCESS if command == RECALL else None

    def _key(self, request: Request) -> Key:
        return request.fields.u16(), request.fields.u8()

    def _about(self, command_id: int, status: Status, key: Key, tail: bytes = b"") -> Answer:
        return Answer(command_id, u8(status) + u16(key[0]) + u8(key[1]) + tail)

    def _keep(self, key: Key, transition_s: int, fields: bytes) -> Status:
        if key[0] and key[0] not in self.host.groups_of(self):
            return Status.INVALID_FIELD
        if key not in self._stored and len(self._stored) >= CAPACITY:
            return Status.INSUFFICIENT_SPACE
        self._stored[key] = (transition_s, fields)
        self.set(COUNT, len(self._stored))
        return Status.SUCCESS

    @command(0x00)
    def add(self, request: Request) -> Outcome:
        key, transition_s = self._key(request), request.fields.u16()
        request.fields.counted()
        status = self._keep(key, transition_s, request.fields.rest())
        return self._about(0x00, status, key) if request.unicast else None

    @command(0x01)
    def view(self, request: Request) -> Outcome:
        key = self._key(request)
        if key not in self._stored:
            return self._about(0x01, Status.NOT_FOUND, key)
        transition_s, fields = self._stored[key]
        return self._about(0x01, Status.SUCCESS, key, u16(transition_s) + u8(0) + fields)

    @command(0x02)
    def remove(self, request: Request) -> Outcome:
        key = self._key(request)
        status = Status.SUCCESS if self._stored.pop(key, None) else Status.NOT_FOUND
        self.set(COUNT, len(self._stored))
        return self._about(0x02, status, key) if request.unicast else None

    @command(0x03)
    def remove_all(self, request: Request) -> Outcome:
        group = request.fields.u16()
        self._stored = {key: one for key, one in self._stored.items() if key[0] != group}
        self.set(COUNT, len(self._stored))
        return Answer(0x03, u8(Status.SUCCESS) + u16(group)) if request.unicast else None

    @command(0x04)
    def store(self, request: Request) -> Outcome:
        key = self._key(request)
        fields = b"".join(
            u16(one.id) + counted(part)
            for one in self.host.servers_beside(self)
            if (part := one.scene())
        )
        transition_s = self._stored.get(key, (0, b""))[0]
        status = self._keep(key, transition_s, fields)
        self._now_at(key)
        return self._about(0x04, status, key) if request.unicast else None

    @command(RECALL)
    def recall_scene(self, request: Request) -> Outcome:
        key = self._key(request)
        if key not in self._stored:
            return Status.NOT_FOUND
        transition_s: float = self._stored[key][0]
        if request.fields.left() >= 2:
            tenths = request.fields.u16()
            transition_s = transition_s if tenths == 0xFFFF else tenths / 10
        fields = Reader(self._stored[key][1])
        clusters = {one.id: one for one in self.host.servers_beside(self)}
        while fields.left():
            cluster, part = clusters.get(fields.u16()), fields.counted()
            if cluster is not None:
                cluster.recall(Reader(part), transition_s)
        self._now_at(key)
        return Status.SUCCESS

    @command(0x06)
    def membership(self, request: Request) -> Outcome:
        group = request.fields.u16()
        scenes = bytes(sorted(scene for one, scene in self._stored if one == group))
        left = CAPACITY - len(self._stored)
        return Answer(0x06, bytes((Status.SUCCESS, left)) + u16(group) + counted(scenes))

    def _now_at(self, key: Key) -> None:
        self.set(GROUP, key[0])
        self.set(CURRENT, key[1])
        self.set(VALID, True)

    def dump(self) -> dict[str, Value]:
        kept = super().dump()
        for (group, scene), (transition_s, fields) in self._stored.items():
            kept[f"scene/{group}/{scene}/{transition_s}"] = fields.hex()
        return kept

    def load(self, kept: dict[str, Value]) -> None:
        for name, value in kept.items():
            if name.startswith("scene/"):
                group, scene, transition_s = (int(part) for part in name.split("/")[1:])
                self._stored[group, scene] = (transition_s, bytes.fromhex(str(value)))
        super().load({name: value for name, value in kept.items() if "/" not in name})
