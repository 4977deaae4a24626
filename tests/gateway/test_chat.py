from pichat.gateway.connection import MAX_IN_FLIGHT
from tests.gateway.fakes import World
from tests.gateway.screen import Screen, connect


async def test_a_turn_is_streamed(world: World, screen: Screen) -> None:
    request_id = await screen.send("chat", {"text": "turn on the Kitchen light", "area": "Kitchen"})
    first, *chunks, last = await screen.until_last(request_id)
    assert first["status"] == "processing"
    assert first["action"] == "chat"
    assert first["chunk"]["type"] == "metadata"
    metadata = first["chunk"]["metadata"]
    assert metadata["user_message"] == "turn on the Kitchen light"
    assert metadata["provider"] == "intents"
    assert {chunk["status"] for chunk in chunks} == {"chunk"}
    sequence = [frame["chunk"]["sequence_id"] for frame in (first, *chunks)]
    assert sequence == list(range(len(sequence)))
    tool = chunks[0]["chunk"]
    assert tool["type"] == "tool"
    assert tool["data"]["outcomes"][0]["state"] is True
    assert tool["metadata"]["duration_ms"] == 40.2
    assert "".join(c["chunk"]["data"] for c in chunks[1:]) == "The Kitchen light is on."
    assert last["payload"] == {
        "text": "The Kitchen light is on.",
        "provider": "intents",
        "model": None,
        "conversation_id": metadata["conversation_id"],
        "turn_id": metadata["turn_id"],
        "timings_ms": {"understand": 0.4, "act": 40.2, "total": 41.0},
        "usage": {},
        "tried": [],
        "code": None,
        "retryable": False,
    }
    (utterance,) = world.turns.utterances
    assert (utterance.source, utterance.area) == ("screen", "Kitchen")


async def test_one_connection_is_one_conversation_unless_it_says_otherwise(screen: Screen) -> None:
    payloads = [{"text": "hm"}, {"text": "hm"}, {"text": "hm", "conversation_id": "mine"}]
    ids = [(await screen.ask("chat", p))["payload"]["conversation_id"] for p in payloads]
    assert ids[0] == ids[1] != ids[2] == "mine"


async def test_what_a_device_or_nobody_can_do_is_an_answer(world: World, screen: Screen) -> None:
    world.house.silent.add("Kitchen light")
    silent = await screen.ask("chat", {"text": "turn on the Kitchen light"})
    assert silent["status"] == "complete"
    assert silent["payload"]["code"] == "device_silent"
    assert silent["payload"]["text"] == "The Kitchen light does not answer."
    lost = await screen.ask("chat", {"text": "sing me a song"})
    assert lost["payload"]["code"] == "not_understood"


async def test_a_turn_that_cannot_run_is_an_error(screen: Screen) -> None:
    failed = await screen.ask("chat", {"text": "fail"})
    assert failed["status"] == "error"
    assert failed["error"] == "The part that thinks is not there."
    assert failed["payload"] == {
        "code": "unavailable",
        "message": failed["error"],
        "action": "chat",
        "retryable": True,
    }


async def test_a_defect_leaves_only_an_id(screen: Screen) -> None:
    crashed = await screen.ask("chat", {"text": "crash"})
    assert crashed["payload"]["code"] == "internal"
    assert "secret" not in str(crashed)
    await screen.still_there()


async def test_cancel_ends_a_request(world: World, screen: Screen) -> None:
    request_id = await screen.send("chat", {"text": "wait"})
    assert (await screen.receive())["status"] == "processing"
    await world.turns.waiting.wait()
    cancel_id = await screen.send("cancel", {"request_id": request_id})
    replies = {frame["request_id"]: frame for frame in [await screen.receive() for _ in range(2)]}
    assert replies[cancel_id]["status"] == "complete"
    assert replies[request_id]["payload"]["code"] == "cancelled"
    assert world.turns.ended.is_set()
    again = await screen.ask("cancel", {"request_id": request_id})
    assert again["payload"]["code"] == "not_found"


async def test_cancel_right_behind_its_request(screen: Screen) -> None:
    request_id = await screen.send("chat", {"text": "wait"})
    await screen.send("cancel", {"request_id": request_id})
    assert (await screen.until_last(request_id))[-1]["payload"]["code"] == "cancelled"
    await screen.still_there()


async def test_many_requests_at_once_and_busy_beyond(world: World, screen: Screen) -> None:
    waiting = [await screen.send("chat", {"text": "wait"}) for _ in range(MAX_IN_FLIGHT)]
    assert (await screen.ask("chat", {"text": "wait"}))["payload"]["code"] == "busy"
    await screen.still_there()
    for request_id in waiting:
        await screen.send("cancel", {"request_id": request_id})
    ended: set[str] = set()
    while len(ended) < MAX_IN_FLIGHT:
        frame = await screen.receive()
        if frame["status"] == "error":
            ended.add(frame["request_id"])
    assert ended == set(waiting)
    assert (await screen.ask("chat", {"text": "hm"}))["status"] == "complete"


async def test_the_same_id_twice_at_once_is_refused(screen: Screen) -> None:
    await screen.send("chat", {"text": "wait"}, "same")
    assert (await screen.receive())["status"] == "processing"
    await screen.send("chat", {"text": "wait"}, "same")
    assert (await screen.receive())["payload"]["code"] == "bad_request"


async def test_a_lost_client_ends_its_turns(world: World) -> None:
    async with connect(world.url) as screen:
        await screen.send("chat", {"text": "wait"})
        await world.turns.waiting.wait()
    await world.turns.ended.wait()
