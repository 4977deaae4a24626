"""Frames of all kinds, made from the protocol's own types: right, wrong, damaged, deep and huge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec.inspect as kinds
from hypothesis import strategies as st

from pichat.gateway.registry import Action
from tests.gateway.fuzz.values import ODD, odd, payload

_TEXT, _BINARY = 1, 2
Frame = tuple[int, bytes]
"""Its opcode and its payload."""

# What goes on for as long as its client likes, or takes long on a real house too. It is begun like
# all others, and then cancelled.
_ids = st.sampled_from([f"f{number}" for number in range(8)])


def frames(
    actions: Sequence[Action], known: Sequence[str], *, most: int
) -> st.SearchStrategy[list[Frame]]:
    """Up to `most` frames that follow each other on one connection."""
    name = st.sampled_from(list(known))
    requests = [_request(each, payload(_struct(each), name)) for each in actions]
    good = st.sampled_from(requests).flatmap(lambda each: each)
    cancel = _ids.map(lambda number: {"action": "cancel", "payload": {"request_id": number}})
    strange = st.fixed_dictionaries(
        {"action": st.sampled_from([each.name for each in actions]) | st.text(max_size=9)},
        optional={"payload": odd, "request_id": odd, "more": odd},
    )
    text = st.one_of(good, good, good, good, cancel, strange).map(_encoded)
    damaged = st.tuples(text, st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)),
                                       min_size=1, max_size=3)).map(_damaged)  # fmt: skip
    raw = st.one_of(text, text, text, text, damaged, _deep(), _huge(), st.binary(max_size=80))
    sound = st.binary(max_size=400).map(lambda data: (_BINARY, data))
    frame = raw.map(lambda data: (_TEXT, data))
    return st.lists(st.one_of(frame, frame, frame, frame, frame, sound), min_size=1, max_size=most)


def _struct(action: Action) -> kinds.StructType:
    found = kinds.type_info(action.payload)
    assert isinstance(found, kinds.StructType)
    return found


def _request(action: Action, given: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"action": st.just(action.name), "payload": given, "request_id": _ids}
    )


def _encoded(request: dict[str, Any]) -> bytes:
    return json.dumps(request, ensure_ascii=False).encode(errors="surrogatepass")


def _damaged(drawn: tuple[bytes, list[tuple[int, bytes]]]) -> bytes:
    """Bytes in the middle are others, fewer or more."""
    data = bytearray(drawn[0])
    for place, instead in drawn[1]:
        at = place % (len(data) + 1)
        data[at : at + place % 3] = instead
    return bytes(data)


def _deep() -> st.SearchStrategy[bytes]:
    openings = st.sampled_from([b"[", b'{"a":', b'[{"a":[', b'{"action":"ping","payload":{"a":'])
    return st.tuples(openings, st.sampled_from([5, 31, 40, 1000, 100_000])).map(
        lambda both: both[0] * both[1]
    )


def _huge() -> st.SearchStrategy[bytes]:
    fields = st.sampled_from(["request_id", "action", "payload", "text"])
    sizes = st.sampled_from([129, 5000, 70_000, 1_100_000])
    values = st.sampled_from(["x", "é", "[", "0"])
    return st.tuples(fields, sizes, values, st.sampled_from(ODD)).map(
        lambda drawn: _encoded(
            {"action": "chat", "payload": drawn[3], drawn[0]: drawn[2] * drawn[1]}
        )
    )
