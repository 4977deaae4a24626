"""A sentence to tool calls, and their results to an answer in the same language."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING

from pichat.errors import ConfigError
from pichat.events import Device, ToolCall, ToolResult
from pichat.intents import (  # noqa: F401 (their handlers register)
    actions,
    alarms,
    appliances,
    consent,
    joining,
    pairing,
    questions,
    scenes,
)
from pichat.intents.answers import Answers
from pichat.intents.complete import Completeness
from pichat.intents.fitting import fitting
from pichat.intents.language import SPELLINGS, Language, load, supported_languages, unknown_language
from pichat.intents.match import HANDLERS, Match, from_result
from pichat.intents.names import slot_lists
from pichat.intents.understood import Understood

if TYPE_CHECKING:
    from hassil import RecognizeResult
    from hassil.intents import SlotList

    from pichat.intents.judge import Judge


REMEMBERED = 256
LONGEST_TEXT = 200
"""Characters. Nothing that a person says to a lamp is longer; a page of text is refused at once."""


class Intents:
    """Understands one language. The language is loaded by the first sentence, or by `warm`.

    Raises ConfigError with a suggestion for a language that is not there. `understand`, `judge` and
    `refresh` may be called from several threads; each holds the others up for one sentence.
    """

    def __init__(self, language: str, devices: Callable[[], Sequence[Device]]) -> None:
        if language not in supported_languages():
            raise ConfigError(unknown_language(language))
        self.language = language
        self._devices = devices
        self._loaded: Language | None = None
        self._fitted: Language | None = None
        self._answers: Answers | None = None
        self._lists: dict[str, SlotList] | None = None
        self._recent: OrderedDict[tuple[str, str | None], Understood | None] = OrderedDict()
        self._judge: Judge | None = None
        self._lock = RLock()

    def warm(self) -> None:
        """Load now, and parse what hassil parses late: takes a tenth of a second or two."""
        loaded = self._here()
        for intent in loaded.sentences.intents.values():
            for data in intent.data:
                for sentence in data.sentences:
                    sentence.get_required_clauses(loaded.sentences.expansion_rules)
        for text in ("turn on 1", "set 20.5", "set twenty one"):
            with self._lock:  # names that change meanwhile must not be overwritten by those before
                self._recognise(text, None)
        self.judge("turn on the")

    def refresh(self) -> None:
        """A device or a room was added, renamed or removed."""
        with self._lock:
            self._lists = None
            self._fitted = None
            self._judge = None
            self._recent.clear()

    def understand(self, text: str, area: str | None = None) -> Understood | None:
        """The meaning of a sentence; None for one that is not about this house, or could mean
        several things. `area` is the room where it was said, when known."""
        key = (text, area)
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
            understood, steady = self._understand(text, area)
            if steady:
                self._recent[key] = understood
                if len(self._recent) > REMEMBERED:
                    self._recent.popitem(last=False)
            return understood

    def judge(self, text: str, area: str | None = None) -> Completeness:
        """Whether the text is a whole command that nothing more could change, or only a beginning.
        A millisecond or two, and nothing when the same text was judged before."""
        if len(text) > LONGEST_TEXT:
            return Completeness.UNKNOWN
        with self._lock:
            if self._judge is None:
                from pichat.intents.judge import Judge

                self._judge = Judge(
                    self._here(), self._slot_lists(), self._devices(), self.understand
                )
            return self._judge.judge(text, area)

    def sentences(self, devices: Sequence[Device], count: int) -> list[str]:
        """About so many sentences that mean something in a house of these devices, as they are
        said. Any thread; takes a quarter of a second for a thousand."""
        from pichat.intents.sentences import Sampler

        return list(Sampler(self._language(), devices).sample(count))

    def answer(self, understood: Understood, results: Sequence[ToolResult]) -> str:
        """What to say after the calls. `results` are those of `understood.calls`, in order. A
        failed outcome is always told, and never counted as done."""
        return self._answering().text(understood, results)

    def not_understood(self) -> str:
        """What to say of a sentence that is no command for the house: in English what would help,
        elsewhere the package's own sentence."""
        return self._answering().not_understood()

    def _answering(self) -> Answers:
        if self._answers is None:
            self._answers = Answers(self._language(), self._devices)
        return self._answers

    def _understand(self, text: str, area: str | None) -> tuple[Understood | None, bool]:
        if len(text) > LONGEST_TEXT:
            return None, True
        result = self._recognise(text, area)
        if result is None:
            return None, True
        match = from_result(result, area, self._devices())
        meaning = HANDLERS[match.intent](match)
        if meaning is None:
            return None, True
        return self._understood(match, result, meaning.calls), meaning.steady

    def _understood(
        self, match: Match, result: RecognizeResult, calls: tuple[ToolCall, ...]
    ) -> Understood:
        said = {e.name: e.text.strip() for e in result.entities_list if e.text}
        return Understood(
            intent=match.intent,
            calls=calls,
            slots={**match.slots, "said": said},
            response=match.response,
            language=self.language,
        )

    def _recognise(self, text: str, area: str | None) -> RecognizeResult | None:
        from hassil import recognize_best

        lists = self._slot_lists()
        for spelling, known in SPELLINGS.get(self.language, ()):
            text = text.replace(spelling, known)
        return recognize_best(
            text,
            self._here().sentences,
            slot_lists=lists,
            intent_context={"area": area} if area else None,
            language=self.language,
            best_slot_name="name",
        )

    def _slot_lists(self) -> dict[str, SlotList]:
        if self._lists is None:
            self._lists = slot_lists(self._devices(), self.language)
        return self._lists

    def _here(self) -> Language:
        """The language without what nobody can say to this house."""
        with self._lock:
            if self._fitted is None:
                self._fitted = fitting(self._language(), self._devices())
            return self._fitted

    def _language(self) -> Language:
        with self._lock:
            if self._loaded is None:
                self._loaded = load(self.language)
            return self._loaded
