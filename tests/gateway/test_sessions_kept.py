"""How many sessions are kept, and for how long."""

import pytest

from pichat.errors import BusyError, NotFoundError
from pichat.events import Terms
from pichat.gateway.sessions.session import MOST_BYTES, MOST_READERS, Session
from pichat.gateway.sessions.sessions import IDLE_S, MOST_OF_ONE, MOST_SESSIONS, Sessions
from tests.gateway.fakes import World


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def begin(sessions: Sessions, owner: str = "anna") -> Session:
    return sessions.start(owner, profile="", terms=Terms())


async def test_idle_sessions_are_forgotten_unless_somebody_listens(world: World) -> None:
    clock = Clock()
    async with Sessions(world.turns, clock) as sessions:
        forgotten, followed = begin(sessions), begin(sessions)
        followed.tell("answered", text="Hello.")
        reading = followed.listen(None)
        await anext(reading)
        clock.now_s += IDLE_S + 1
        assert sessions.all("anna") == (followed,)
        with pytest.raises(NotFoundError, match="may have ended"):
            sessions.get(forgotten.id, "anna")
        with pytest.raises(NotFoundError):
            sessions.get(followed.id, "ben")
        await reading.aclose()  # type: ignore[attr-defined]


async def test_there_are_only_so_many(world: World) -> None:
    async with Sessions(world.turns) as sessions:
        own = [begin(sessions) for _ in range(MOST_OF_ONE)]
        begin(sessions)
        assert len(sessions.all("anna")) == MOST_OF_ONE
        assert own[0].ended
        for number in range(MOST_SESSIONS):
            begin(sessions, f"person {number}")
        assert sessions.all("anna") == ()
        for session in sessions.all("person 1"):
            again = sessions.start(
                "person 1", profile="butler", terms=Terms(), conversation_id=session.id
            )
            assert (again, again.profile) == (session, "butler")


async def test_those_in_use_are_not_forgotten_for_others(world: World) -> None:
    async with Sessions(world.turns) as sessions:
        readings = []
        for _ in range(MOST_OF_ONE):
            session = begin(sessions)
            session.tell("answered", text="Hello.")
            readings.append(session.listen(None))
            await anext(readings[-1])
        with pytest.raises(BusyError, match="end one of them"):
            begin(sessions)
        for reading in readings:
            await reading.aclose()  # type: ignore[attr-defined]


async def test_what_a_session_remembers_is_bounded(world: World) -> None:
    async with Sessions(world.turns) as sessions:
        session = begin(sessions)
        for _ in range(40):
            session.tell("agent_speaking", text="x" * 10_000)
        kept = session.since(0)
        assert sum(len(event.data) for event in kept) <= MOST_BYTES
        assert [event.id for event in kept] == list(range(session.oldest, 41))
        session.tell("agent_speaking", text="x" * MOST_BYTES)  # the newest is kept, however long
        assert [event.id for event in session.since(0)] == [41]
        readings = [session.listen(41) for _ in range(MOST_READERS)]
        session.readers = MOST_READERS
        with pytest.raises(BusyError, match="listen"):
            session.listen(None)
        del readings
