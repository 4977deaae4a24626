"""What words numbers and markdown is loaded while a model thinks, and never for a plain command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from pichat.bus import Bus
from pichat.health import Health
from pichat.turn.mouth import Answer, Mouth
from pichat.turn.persona import Persona
from tests.turn.devices import KeptSpeaker, ReadableSynthesiser

# In a process of its own, where nothing is loaded yet. Prints which of them were, and whether by
# the event loop's thread.
_PROCESS = """
import asyncio, json, sys, threading
from collections.abc import AsyncIterator
from pichat.bus import Bus
from pichat.events import TurnFinished, TurnStarted, TurnText
from pichat.turn.persona import Persona
from pichat.turn.reply import Replier, Spoken
from tests.turn.test_wording import answer

class Witness:
    seen = {}
    def find_spec(self, name, path=None, target=None):
        if name in ("babel", "markdown_it"):
            self.seen[name] = threading.current_thread() is threading.main_thread()

class Turns:
    async def run(self, utterance):
        same = {"turn_id": "t", "conversation_id": "c"}
        yield TurnStarted(**same, source="voice", text="hm", provider=sys.argv[1])
        yield TurnText(turn_id="t", text=sys.argv[2])

    async def command_in(self, utterance):
        return None

async def main():
    spoken = Spoken(turn_id="t", conversation_id="c", persona=Persona(), area=None,
                    candidates=("hm",), pcm=b"", asked=True, milestone=print)
    speaking = answer()
    await Replier(Turns(), None, Bus(), "en").reply(spoken, speaking)
    await speaking.finish()
    print(json.dumps(Witness.seen))

sys.meta_path.insert(0, Witness())
asyncio.run(main())
"""


def answer() -> Answer:
    """One that nobody hears."""
    health = Health(Bus())
    mouth = Mouth(ReadableSynthesiser(), KeptSpeaker(health, present=False), health, "en")
    return mouth.answer(Persona(), on_start=lambda: None, on_first=lambda _: None)


@pytest.mark.parametrize(
    ("provider", "said", "loaded"),
    [
        ("intents", "The light is on.", {}),
        ("local", "- **Kitchen**: 21.5 °C.", {"babel": False, "markdown_it": False}),
    ],
)
def test_it_is_loaded_in_a_thread_for_models_alone(
    provider: str, said: str, loaded: dict[str, bool]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROCESS, provider, said], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == loaded


async def test_an_answer_can_be_ended_meanwhile() -> None:
    ended = answer()
    ended.prepare()
    await ended.add("One. Two.")
    await asyncio.sleep(0)
    await ended.cancel()
    assert not ended.aloud
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}
