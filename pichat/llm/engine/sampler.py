"""Chooses the next token: by chance among the likely ones, and within a grammar if there is one."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Callable
from typing import Any, Self

import llama_cpp as lib
import numpy as np

from pichat.config.types import ModelParameters
from pichat.llm.engine.model import LoadedModel
from pichat.llm.errors import ModelFailedError, ModelRefusedError

# Small models that act on a house should not be adventurous.
TEMPERATURE, TOP_P, TOP_K, MIN_P = 0.3, 0.9, 40, 0.05
_TRIES = 256
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Grammar:
    """What may follow, token by token. `Grammar.of` reads it, `fresh` is one at its beginning."""

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler

    @classmethod
    def of(cls, text: str, model: LoadedModel) -> Self:
        """Raises ModelRefusedError when llama.cpp cannot read it."""
        sampler = lib.llama_sampler_init_grammar(model.vocabulary, text.encode(), b"root")
        if sampler is None:
            raise ModelRefusedError("The tools cannot be described to the language model.")
        return cls(sampler)

    def fresh(self) -> Grammar:
        return Grammar(lib.llama_sampler_clone(self._sampler))

    def allows(self, token: int) -> bool:
        one = (lib.llama_token_data * 1)(lib.llama_token_data(token, 1.0, 0.0))
        array = lib.llama_token_data_array(one, 1, -1, False)
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return bool(np.isfinite(one[0].logit))

    def apply(self, candidates: np.ndarray[Any, Any]) -> None:
        """Make impossible what is not allowed."""
        lib.llama_sampler_apply(self._sampler, ctypes.byref(_array(candidates)))

    def accept(self, token: int) -> None:
        """It was chosen. It must be allowed: llama.cpp ends the process otherwise."""
        lib.llama_sampler_accept(self._sampler, token)

    def __del__(self) -> None:
        lib.llama_sampler_free(self._sampler)


class Sampler:
    """For one answer. The same seed chooses the same; without one, chance does."""

    def __init__(self, model: LoadedModel, parameters: ModelParameters) -> None:
        self._model = model
        self._chain: Any = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for sampler in _samplers(parameters):
            lib.llama_sampler_chain_add(self._chain, sampler)

    def __del__(self) -> None:
        lib.llama_sampler_free(self._chain)

    def choose(self) -> int:
        token: int = lib.llama_sampler_sample(self._chain, self._model.context, -1)
        return token

    def choose_within(self, grammar: Grammar, accepts: Callable[[int], bool]) -> int:
        """One that both allow, told to the grammar. Raises ModelFailedError."""
        token = self.choose()
        # Judging one token is quick, judging all of them is not; mostly the model knows the way.
        if not (grammar.allows(token) and accepts(token)):
            token = self._search(grammar, accepts)
        grammar.accept(token)
        return token

    def _search(self, grammar: Grammar, accepts: Callable[[int], bool]) -> int:
        size = self._model.vocabulary_size
        logits = lib.llama_get_logits_ith(self._model.context, -1)
        candidates = np.zeros(size, _CANDIDATE)
        candidates["id"] = np.arange(size)
        candidates["logit"] = np.ctypeslib.as_array(logits, (size,))
        grammar.apply(candidates)
        candidates = candidates[np.isfinite(candidates["logit"])]
        for _ in range(_TRIES):
            if not candidates.size:
                break
            token = self._chosen(candidates.copy())
            if accepts(token):
                return token
            candidates = candidates[candidates["id"] != token]
        raise ModelFailedError("The language model found no way to go on.")

    def _chosen(self, candidates: np.ndarray[Any, Any]) -> int:
        array = _array(candidates)
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


def _array(candidates: np.ndarray[Any, Any]) -> Any:
    data = candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
    return lib.llama_token_data_array(data, candidates.size, -1, False)


def _samplers(parameters: ModelParameters) -> list[Any]:
    temperature = TEMPERATURE if parameters.temperature is None else parameters.temperature
    if temperature == 0:
        return [lib.llama_sampler_init_greedy()]
    seed = secrets.randbits(32) if parameters.seed is None else parameters.seed
    return [
        lib.llama_sampler_init_top_k(TOP_K),
        lib.llama_sampler_init_top_p(TOP_P if parameters.top_p is None else parameters.top_p, 1),
        lib.llama_sampler_init_min_p(MIN_P, 1),
        lib.llama_sampler_init_temp(temperature),
        lib.llama_sampler_init_dist(seed & 0xFFFFFFFF),
    ]
