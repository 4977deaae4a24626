import json
import random
from typing import Any

import pytest
from aiohttp import WSMsgType

from pichat.gateway.frames import MAX_DEPTH, MAX_FRAME_BYTES, too_deep
from tests.gateway.screen import Screen

GOOD = {"action": "ping", "payload": {}, "request_id": "x"}


@pytest.mark.parametrize(
    ("frame", "code", "says"),
    [
        ("", "bad_request", "not valid JSON"),
        ("hello", "bad_request", "not valid JSON"),
        ('{"action": "ping"', "bad_request", "not valid JSON"),
        (b'{"action": "\xff"}', "bad_request", "not valid JSON"),
        ('{"action": "ping", "payload": {"a": NaN}}', "bad_request", "not valid JSON"),
        ('{"action": "ping", "payload": {"a": 1e999}}', "bad_request", "not valid JSON"),
        ('{"action": "chat", "payload": {"text": "\\ud800"}}', "bad_request", "not valid JSON"),
        ('{"action": "chat", "payload": {"text": "\\ud800!!!"}}', "bad_request", "not valid JSON"),
        ('{"action": "ping", "action": "ping"}', "bad_request", "“action” is there twice"),
        ('{"action": "ping", "payload": {"a": 1, "a": 2}}', "bad_request", "“a” is there twice"),
        ('{"action": "ping", "b": [{"a": ":", "a": ":"}]}', "bad_request", "“a” is there twice"),
        ("[" * 100_000, "bad_request", "levels deep"),
        ('{"a":' * 100_000, "bad_request", "levels deep"),
        ('{"payload":' + "[" * 40 + "]" * 40 + "}", "bad_request", "levels deep"),
        ("[]", "bad_request", "object"),
        ("null", "bad_request", "object"),
        ("{}", "bad_request", "lacks the field “action”"),
        ('{"action": 5}', "bad_request", "“action”"),
        ('{"action": "ping", "payload": []}', "bad_request", "“payload”"),
        ('{"action": "ping", "request_id": 7}', "bad_request", "“request_id”"),
        ('{"action": "ping", "request_id": ""}', "bad_request", "“request_id”"),
        (json.dumps({"action": "ping", "request_id": "x" * 129}), "bad_request", "“request_id”"),
        ('{"action": "pnig"}', "unknown_action", "Did you mean “ping”?"),
        (json.dumps({"action": "q" * 10_000}), "unknown_action", "There is no action"),
        ('{"action": "chat"}', "bad_request", "“chat” lacks the field “text”"),
        ('{"action": "chat", "payload": null}', "bad_request", "“chat” lacks the field “text”"),
        ('{"action": "chat", "payload": {"text": 1}}', "bad_request", "the field “text”"),
        ('{"action": "chat", "payload": {"text": ""}}', "bad_request", "the field “text”"),
        ('{"action": "subscribe", "payload": {"topics": ["a"]}}', "bad_request", "topics[0]"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_connection_stays(
    screen: Screen, frame: str | bytes, code: str, says: str
) -> None:
    reply = await screen.error_of(frame)
    assert reply["payload"]["code"] == code
    assert says in reply["error"]
    await screen.still_there()


async def test_a_frame_that_is_too_large(screen: Screen) -> None:
    reply = await screen.error_of(json.dumps({"action": "chat", "a": "x" * MAX_FRAME_BYTES}))
    assert reply["payload"]["code"] == "too_large"
    reply = await screen.error_of("x" * (5 * MAX_FRAME_BYTES))
    assert reply["payload"]["code"] == "too_large"
    await screen.still_there()


async def test_an_error_carries_what_could_be_read(screen: Screen) -> None:
    reply = await screen.error_of('{"action": "chat", "payload": {}, "request_id": "mine"}')
    assert (reply["request_id"], reply["payload"]["action"]) == ("mine", "chat")
    reply = await screen.error_of('{"action": "chat", "payload": [], "request_id": "mine"}')
    assert (reply["request_id"], reply["payload"]["action"]) == ("mine", "chat")


async def test_unknown_fields_are_ignored(screen: Screen) -> None:
    await screen.socket.send_str(json.dumps({**GOOD, "token": 1, "payload": {"new": []}}))
    assert (await screen.receive())["action"] == "pong"


async def test_a_request_without_an_id_is_given_one(screen: Screen) -> None:
    await screen.socket.send_str('{"action": "ping"}')
    assert (await screen.receive())["request_id"]


def test_depth_is_counted_outside_of_strings() -> None:
    nested = b"[{" * (MAX_DEPTH // 2) + b"}]" * (MAX_DEPTH // 2)
    assert not too_deep(nested)
    assert too_deep(b"[" + nested + b"]")
    assert not too_deep(json.dumps(["[{" * 500, '\\"[[[[' * 100]).encode())
    assert not too_deep(b"[" + b"[]," * 10_000 + b"[]]")


async def test_random_frames_never_end_the_connection(screen: Screen) -> None:
    dice = random.Random(2)
    actions = ["chat", "subscribe", "control_device", "update_device", "get_devices", "listen_stop"]
    odd: list[Any] = [None, 1, -1.5, "", "\x00", [], {}, [[[]]], {"text": {}}, "🙂", True, 10**30]
    for _ in range(300):
        payload = {
            dice.choice(
                ["text", "device_id", "value", "capability", "topics", "area"]
            ): dice.choice(odd)
            for _ in range(dice.randrange(4))
        }
        text = bytearray(json.dumps({"action": dice.choice(actions), "payload": payload}).encode())
        for _ in range(dice.choice([0, 0, 1, 5])):
            text[dice.randrange(len(text))] = dice.randrange(256)
        await screen.socket.send_frame(bytes(text), WSMsgType.TEXT)
    while (await screen.ask("ping"))["action"] != "pong":
        pass
