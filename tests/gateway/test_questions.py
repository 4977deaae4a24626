import pytest

from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen, connect

LOCK = "00:12:4b:00:00:00:00:09"
UNLOCK = {"device_id": LOCK, "capability": "lock", "value": False}


def is_locked(world: World) -> bool:
    return world.house.devices()[8].state["lock"] is True


async def asked(screen: Screen) -> Frame:
    reply = await screen.ask("control_device", UNLOCK)
    assert reply["status"] == "complete"
    assert reply["payload"]["state"] is None
    question: Frame = reply["payload"]["question"]
    return question


async def test_a_door_opens_after_a_yes_from_any_screen(world: World, screen: Screen) -> None:
    async with connect(world.url) as other:
        await other.ask("subscribe", {"topics": ["questions"]})
        question = await asked(screen)
        event = await other.receive()
        assert (event["status"], event["action"]) == ("event", "confirmation_asked")
        assert event["payload"]["id"] == question["id"]
        assert event["payload"]["text"] == "Shall I unlock the front door?"
        assert is_locked(world)
        open_now = (await other.ask("get_questions"))["payload"]["questions"]
        assert [each["id"] for each in open_now] == [question["id"]]
        reply = await other.ask("confirm", {"id": question["id"], "yes": True})
    assert reply["payload"]["answer"] == "yes"
    assert [outcome["state"] for outcome in reply["payload"]["outcomes"]] == [False]
    assert not is_locked(world)
    assert (await screen.ask("get_questions"))["payload"] == {"questions": []}


async def test_the_end_of_a_question_is_told(world: World, screen: Screen) -> None:
    question = await asked(screen)
    async with connect(world.url) as other:
        await other.ask("subscribe", {"topics": ["questions"]})
        reply = await screen.ask("confirm", {"id": question["id"], "yes": False})
        assert reply["payload"] == {"id": question["id"], "answer": "no", "outcomes": []}
        event = await other.receive()
        assert event["action"] == "confirmation_ended"
        assert (event["payload"]["id"], event["payload"]["answer"]) == (question["id"], "no")
    assert is_locked(world)


async def test_an_answer_that_comes_too_late_is_told_so(screen: Screen) -> None:
    question = await asked(screen)
    answer = {"id": question["id"], "yes": True}
    await screen.ask("confirm", answer)
    reply = await screen.ask("confirm", answer)
    assert reply["payload"]["code"] == "not_found"


@pytest.mark.parametrize("source", ["model", "agent", "voice"])
async def test_a_screen_cannot_answer_as_somebody_else(
    world: World, screen: Screen, source: str
) -> None:
    question = await asked(screen)
    reply = await screen.ask("confirm", {"id": question["id"], "yes": True, "source": source})
    assert reply["payload"]["code"] == "bad_request"
    assert is_locked(world)


async def test_the_owner_marks_a_device(world: World, screen: Screen) -> None:
    reply = await screen.ask("update_device", {"device_id": LOCK, "confirm": False})
    assert reply["payload"]["device"]["confirm"] is False
    assert reply["payload"]["device"]["name"] == "Front door lock"
    reply = await screen.ask("control_device", UNLOCK)
    assert (reply["payload"]["state"], reply["payload"]["question"]) == (False, None)
    assert not is_locked(world)
