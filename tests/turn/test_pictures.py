"""Pictures in a turn, and a history that whoever asks brings along."""

from __future__ import annotations

from pichat.bus import Bus
from pichat.events import Image, Said, Terms, TurnFinished, TurnText, Utterance
from pichat.intents.understand import Intents
from pichat.llm.base import TextDelta
from pichat.llm.errors import ModelFailedError
from pichat.llm.failures import RequestRefusedError, Told
from pichat.store.audit import Audit
from pichat.store.messages import LARGEST_IMAGES_BYTES
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from tests.support.fake_house import small_house
from tests.support.scripted_model import STOP, Line, Scripted, calling, words
from tests.support.turn_parts import KeptConversations, new_turns

CAT = Image(media_type="image/png", data=b"\x89PNG cat")
DOG = Image(media_type="image/jpeg", data=b"\xff\xd8\xff dog")
CANNOT_SEE = "I cannot see the picture, only read what you wrote. "
INTENTS = Intents("en", lambda: small_house().devices())


class Blind(Scripted):
    sees = False


class Seeing(Scripted):
    """Refuses whatever it is not to see."""

    def __init__(self, name: str, *answers: list[Line]) -> None:
        super().__init__(name, [RequestRefusedError("No pictures.", Told(status=400))], *answers)


class Home:
    def __init__(self, *models: Scripted) -> None:
        house, bus = small_house(), Bus()
        self.kept = KeptConversations()
        tools = Toolbox(house, Audit(), load_tools(), bus)
        self.turns = new_turns(INTENTS, house, tools, bus, *models, conversations=self.kept)
        self._turn = 0

    async def say(self, text: str, **more: object) -> TurnFinished:
        self._turn += 1
        said = Utterance(
            candidates=(text,),
            source="screen",
            turn_id=f"t{self._turn}",
            conversation_id="c",
            **more,  # type: ignore[arg-type]
        )
        events = [event async for event in self.turns.run(said)]
        finished = events[-1]
        assert isinstance(finished, TurnFinished)
        spoken = "".join(event.text for event in events if isinstance(event, TurnText))
        assert spoken == finished.text
        return finished


async def test_a_model_that_sees_is_shown_the_picture_now_and_later() -> None:
    model = Scripted("one", words("A cat."), words("Black."))
    home = Home(model)
    assert (await home.say("what is this?", images=(CAT,))).text == "A cat."
    assert model.requests[0].messages[-1].images == (CAT,)
    assert home.kept.messages[0].message.images == (CAT,)
    await home.say("which colour has it?")
    assert [message.images for message in model.requests[1].messages] == [(CAT,), (), ()]


async def test_old_pictures_make_room_for_newer_ones() -> None:
    large = Image(media_type="image/png", data=bytes(LARGEST_IMAGES_BYTES // 2 + 1))
    model = Scripted("one", words("Well."))
    home = Home(model)
    for _ in range(2):
        await home.say("look at this", images=(large,))
    await home.say("so?")
    shown = [message for message in model.requests[-1].messages if message.role == "user"]
    assert [len(message.images) for message in shown] == [0, 1, 0]
    assert "which you cannot see" in shown[0].text


async def test_a_model_that_cannot_see_is_told_and_so_is_the_person_once() -> None:
    read = calling(
        ("get_device_state", '{"devices": ["kitchen light"], "capability": "on_off"}'),
        text="Wait. ",
    )
    model = Blind("one", read, words("It is off."), words("Hello."))
    home = Home(model)
    finished = await home.say("is this light on?", images=(CAT, DOG))
    assert finished.text == f"{CANNOT_SEE}Wait. It is off."
    asked = model.requests[0].messages[-1]
    assert asked.images == ()
    assert asked.text.startswith("is this light on?\n[")
    # The picture stays with what was said, for a model that sees; nothing is told a second time.
    assert home.kept.messages[0].message.images == (CAT, DOG)
    assert (await home.say("good evening to you")).text == "Hello."
    assert not any(message.images for message in model.requests[-1].messages)


async def test_a_model_that_refuses_pictures_is_asked_without_them() -> None:
    model = Seeing("one", words("Nice weather."))
    finished = await Home(model).say("how do you like it?", images=(CAT,))
    assert (finished.text, finished.code, finished.tried) == (
        f"{CANNOT_SEE}Nice weather.",
        None,
        (),
    )
    assert [bool(request.messages[-1].images) for request in model.requests] == [True, False]


async def test_the_next_in_the_chain_may_see_more() -> None:
    down = ModelFailedError("one does not answer.")
    blind, seeing = Blind("one", [down]), Scripted("two", words("A cat."))
    finished = await Home(blind, seeing).say("what is this?", images=(CAT,))
    assert (finished.text, [each.provider for each in finished.tried]) == ("A cat.", ["one"])
    assert seeing.requests[0].messages[-1].images == (CAT,)


async def test_a_refusal_without_pictures_is_not_asked_twice() -> None:
    model = Seeing("one", words("Never said."))
    finished = await Home(model).say("how do you like it?")
    assert finished.code == "unavailable"
    assert len(model.requests) == 1


async def test_a_command_is_done_whatever_the_picture_shows() -> None:
    model = Scripted("one", words("A cat."))
    finished = await Home(model).say("turn on the kitchen light", images=(CAT,))
    assert (finished.provider, finished.code) == ("intents", None)
    assert model.requests == []


async def test_a_history_that_is_brought_along_counts_and_nothing_is_kept() -> None:
    counted: list[Line] = [TextDelta(text="Your dog."), STOP]
    model = Scripted("one", words("Kept."), counted)
    home = Home(model)
    await home.say("remember the cat for me")
    kept = len(home.kept.messages)
    told = (
        Said(role="assistant", text="I am listening."),
        Said(role="user", text="look at him", images=(DOG,)),
        Said(role="assistant", text="A dog."),
    )
    finished = await home.say("whose is it?", history=told, terms=Terms(seed=7, stop=("\n",)))
    assert finished.text == "Your dog."
    asked = model.requests[-1]
    # A conversation begins with the person, for every provider.
    assert [(each.role, each.text, each.images) for each in asked.messages] == [
        ("user", "look at him", (DOG,)),
        ("assistant", "A dog.", ()),
        ("user", "whose is it?", ()),
    ]
    assert (asked.parameters.seed, asked.parameters.stop) == (7, ("\n",))
    assert len(home.kept.messages) == kept
