"""An answer that is being written, token by token, from the end of its prompt on."""

from __future__ import annotations

import codecs
import uuid
from collections.abc import Callable, Generator, Iterator

import msgspec

from pichat.llm.base import CallDelta, Ended, EndReason, LlmEvent, Request, TextDelta, Usage
from pichat.llm.calls.reader import Block, Reader
from pichat.llm.calls.syntax import Syntax, read_block
from pichat.llm.engine.model import InterruptedReadingError, LoadedModel
from pichat.llm.engine.prompt import Prompt
from pichat.llm.engine.sampler import Grammar, Sampler
from pichat.llm.errors import ModelFailedError
from pichat.llm.grammar import MOST_CALLS
from pichat.llm.schema import fits
from pichat.worker.job import Cancelled

_NEW_DECODER = codecs.getincrementaldecoder("utf-8")


class Writing:
    """Free until a call begins; from there on a grammar rules until the call is complete.
    `new_grammar`: the grammar of calls, at its beginning."""

    def __init__(
        self,
        model: LoadedModel,
        syntax: Syntax,
        request: Request,
        prompt: Prompt,
        new_grammar: Callable[[], Grammar],
    ) -> None:
        may_call = bool(request.tools) and request.tool_choice != "none"
        self._model = model
        self._syntax = syntax
        self._must_call = request.tool_choice == "required"
        self._schemas = {tool.name: {"type": "object", **tool.parameters} for tool in request.tools}
        self._prompt = prompt
        self._new_grammar = new_grammar
        self._grammar: Grammar | None = None
        self._sampler = Sampler(model, request.parameters)
        self._reader = Reader(
            syntax if may_call else None,
            thinking=prompt.thinking,
            stops=request.parameters.stop,
        )
        self._decoder = _NEW_DECODER("replace")
        self._calls = 0
        self._written = 0

    def run(self, cached: int, cancelled: Cancelled) -> Generator[LlmEvent, None, None]:
        """`cached`: tokens of the prompt that need not be read. Raises InterruptedReadingError when
        cancelled, ModelFailedError."""
        if self._must_call:
            self._model.read(self._model.tokens(self._syntax.start), cancelled)
            self._begin_call()
        reason: EndReason = "length"
        while self._written < self._prompt.room:
            token = self._choose()
            self._written += 1
            if self._model.is_end(token):
                reason = "stop"
                break
            follow, pieces = self._take(token)
            for piece in pieces:
                yield from self._events(piece)
            if self._reader.over or self._calls >= MOST_CALLS:
                reason = "stop"
                break
            self._go_on(follow, cancelled)
        for piece in self._reader.close():
            yield from self._events(piece)
        yield Usage(
            input_tokens=len(self._prompt.tokens),
            output_tokens=self._written,
            cached_tokens=cached,
        )
        yield Ended(reason="tool_calls" if self._calls and reason == "stop" else reason)

    def _go_on(self, tokens: list[int], cancelled: Cancelled) -> None:
        if cancelled():
            raise InterruptedReadingError
        if tokens:
            self._model.read(tokens, cancelled)

    def _choose(self) -> int:
        if self._grammar is None:
            return self._sampler.choose()
        return self._sampler.choose_within(self._grammar, self._is_text)

    def _is_text(self, token: int) -> bool:
        """Whether the token goes on as text does. The grammar takes for text what steers the model,
        and is not strict about UTF-8."""
        if self._model.is_control(token):
            ends = self._model.is_end(token)
            return ends or self._model.piece(token) == self._syntax.end.encode()
        begun, _ = self._decoder.getstate()
        return is_utf8(begun + self._model.piece(token))

    def _take(self, token: int) -> tuple[list[int], list[str | Block]]:
        """The tokens that the model has to read next, and what is certain by now."""
        raw = self._model.piece(token)
        if self._model.is_control(token) and raw.decode() not in self._marks:
            return [token], []
        text = self._decoder.decode(raw)
        pieces = self._reader.feed(text)
        if not self._reader.in_call:
            self._grammar = None
        elif self._grammar is None:
            return self._tokens_before_call(token, text), pieces
        return [token], pieces

    @property
    def _marks(self) -> tuple[str, str]:
        return self._syntax.start, self._syntax.end

    def _tokens_before_call(self, token: int, text: str) -> list[int]:
        """A call begins within `token`. What the model wrote of it already is forgotten, so that
        the grammar sees the call from its first character on."""
        surplus = self._reader.in_block
        kept = text.removesuffix(surplus)
        self._begin_call()
        whole = not surplus and self._model.piece(token) == kept.encode()
        return [token] if whole else self._model.tokens(kept) if kept else []

    def _begin_call(self) -> None:
        self._reader.begin_call()
        self._decoder.reset()
        self._grammar = self._new_grammar()

    def _events(self, piece: str | Block) -> Iterator[LlmEvent]:
        if isinstance(piece, str):
            yield TextDelta(text=piece)
            return
        try:
            made = read_block(piece.text)
        except (ValueError, RecursionError) as error:
            raise ModelFailedError(
                "The language model made a call that nobody can read."
            ) from error
        for call in made:
            if call.name not in self._schemas or not fits(call.arguments, self._schemas[call.name]):
                raise ModelFailedError("The language model made a call that cannot be.")
            arguments = msgspec.json.encode(call.arguments).decode()
            yield CallDelta(
                index=self._calls, id=uuid.uuid4().hex[:9], name=call.name, arguments=arguments
            )
            self._calls += 1


def is_utf8(text: bytes) -> bool:
    """Whether more can follow that makes it valid. Python's decoder waits for the rest of some
    characters that no rest can save, as half of a surrogate pair."""
    decoder = _NEW_DECODER("strict")
    try:
        decoder.decode(text)
    except UnicodeDecodeError:
        return False
    begun, _ = decoder.getstate()
    if not begun:
        return True
    lengths = {0xC0: 2, 0xD0: 2, 0xE0: 3, 0xF0: 4}
    missing = lengths[begun[0] & 0xF0] - len(begun)
    return any(_is_whole(begun + rest * missing) for rest in (b"\x80", b"\xbf"))


def _is_whole(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
