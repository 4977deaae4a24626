"""One request: its prompt is read, as far as it was not before, and then the answer written."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial

import msgspec

from pichat.llm.base import LlmEvent, Request
from pichat.llm.engine.model import InterruptedReadingError, LoadedModel
from pichat.llm.engine.prompt import Prompt, Prompts
from pichat.llm.engine.sampler import Grammar
from pichat.llm.engine.states import SHORTEST_TOKENS, States
from pichat.llm.engine.writing import Writing
from pichat.llm.errors import ModelRefusedError
from pichat.llm.grammar import call_grammar
from pichat.worker.job import Cancelled


class Engine:
    """Answers one request at a time. `states`: None keeps nothing on disk."""

    def __init__(self, model: LoadedModel, states: States | None) -> None:
        """Raises ModelRefusedError for a model that cannot be talked to."""
        self._model = model
        self._states = states
        self._prompts = Prompts(model)
        self._grammar: tuple[bytes, Grammar] | None = None

    def answer(self, request: Request, cancelled: Cancelled) -> Generator[LlmEvent, None, None]:
        """Ends early, without `Ended`, when cancelled.

        Raises ModelRefusedError, ModelFailedError.
        """
        if request.tool_choice == "required" and not request.tools:
            raise ModelRefusedError("A tool was asked for, and there is none.")
        prompt = self._prompts.make(request)
        try:
            cached = self._read_prompt(prompt, cancelled)
            writing = Writing(
                self._model,
                self._prompts.syntax,
                request,
                prompt,
                partial(self._grammar_of, request),
            )
            yield from writing.run(cached, cancelled)
        except InterruptedReadingError:
            return

    def _grammar_of(self, request: Request) -> Grammar:
        """At its beginning. Raises ModelRefusedError."""
        key = msgspec.json.encode(request.tools)
        if self._grammar is None or self._grammar[0] != key:
            try:
                text = call_grammar(self._prompts.syntax, request.tools)
            except ValueError as error:
                raise ModelRefusedError(f"A tool cannot be described: {error}.") from error
            self._grammar = key, Grammar.of(text, self._model)
        return self._grammar[1].fresh()

    def _read_prompt(self, prompt: Prompt, cancelled: Cancelled) -> int:
        """How many tokens did not have to be read again."""
        model, tokens, stable = self._model, prompt.tokens, prompt.tokens[: prompt.stable]
        key = self._states.key(stable) if self._states else b""
        keep = self._keep(tokens)
        missing = len(stable) - keep >= SHORTEST_TOKENS
        if self._states and missing and self._states.load(key, stable, model):
            keep = self._keep(tokens)
        if keep < len(stable):
            model.read(tokens[keep : len(stable)], cancelled)
        # A file is written only where nothing but the beginning is kept.
        alone = len(model.kept) == len(stable) >= SHORTEST_TOKENS
        if self._states and alone and not self._states.has(key):
            self._states.save(key, model)
        model.read(tokens[len(model.kept) :], cancelled)
        return keep

    def _keep(self, tokens: Sequence[int]) -> int:
        """Forget what differs, and the last token, without which nothing can follow."""
        kept = self._model.kept
        pairs = zip(kept, tokens[:-1], strict=False)
        keep = next((at for at, (a, b) in enumerate(pairs) if a != b), None)
        if keep is None:
            keep = min(len(kept), len(tokens) - 1)
        if not self._model.forget_from(keep):
            self._model.forget()
            return 0
        return keep
