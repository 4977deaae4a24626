"""A loaded model and its context: tokens, and the memory of those that it has read.

The low-level functions of llama-cpp-python, since the high-level ones can neither be interrupted
while they read a prompt nor change the grammar in the middle of an answer.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp as lib

from pichat.errors import UnavailableError
from pichat.llm.errors import ModelFailedError
from pichat.worker.job import Cancelled, Progress

_READ_AT_ONCE = 512
_LONGEST_PIECE = 64
_ABORTED = 2
# A core computes so many tokens of one layer's matrix in the blink of an eye, even a Pi's: between
# two matrices it can be interrupted.
_BATCH_PER_THREAD = 32
_SMALLEST_BATCH, _LARGEST_BATCH = 64, 128


class InterruptedReadingError(Exception):
    """Nobody wants the answer any more."""


class LoadedModel:
    """`kept` are the tokens that the context remembers, in order. Used by one thread."""

    def __init__(self, path: Path, context_tokens: int, threads: int, progress: Progress) -> None:
        """Raises UnavailableError when it cannot be loaded."""
        os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # a crash would start a debugger
        logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)
        lib.llama_backend_init()
        self._model = _load(path, progress)
        self._vocabulary: Any = lib.llama_model_get_vocab(self._model)
        self.context_tokens = min(context_tokens, lib.llama_model_n_ctx_train(self._model))
        self.context: Any = self._new_context(threads)
        self._memory: Any = lib.llama_get_memory(self.context)
        if self._memory is None:
            raise UnavailableError(f"The model in “{path.name}” writes no text.")
        self._cancelled: Cancelled = lambda: False
        # Kept here, since llama.cpp holds no reference to it.
        self._abort = lib.ggml_abort_callback(lambda _: self._cancelled())
        lib.llama_set_abort_callback(self.context, self._abort, None)
        self.vocabulary_size: int = lib.llama_vocab_n_tokens(self._vocabulary)
        self.kept: list[int] = []

    def _new_context(self, threads: int) -> Any:
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = self.context_tokens
        parameters.n_batch = _READ_AT_ONCE
        batch = max(_SMALLEST_BATCH, min(_LARGEST_BATCH, _BATCH_PER_THREAD * threads))
        parameters.n_ubatch = batch
        parameters.n_threads = parameters.n_threads_batch = threads
        # It saves memory, and on a CPU makes short turns behind a long prompt twice as slow.
        parameters.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.no_perf = True
        context = lib.llama_init_from_model(self._model, parameters)
        if context is None:
            raise UnavailableError(
                f"There is no room for a context of {self.context_tokens} tokens."
            )
        return context

    @property
    def vocabulary(self) -> Any:
        """llama.cpp's own, for its grammars."""
        return self._vocabulary

    @property
    def template(self) -> str | None:
        """The chat template of the file."""
        text: bytes | None = lib.llama_model_chat_template(self._model, None)
        return None if text is None else text.decode("utf-8", "replace")

    def special(self, which: str) -> str:
        """The text of the token `bos` or `eos`; "" when there is none."""
        find = {"bos": lib.llama_vocab_bos, "eos": lib.llama_vocab_eos}[which]
        token = find(self._vocabulary)
        return "" if token < 0 else self.piece(token).decode("utf-8", "replace")

    def tokens(self, text: str, *, whole_prompt: bool = False) -> list[int]:
        """`text` with its special tokens. A whole prompt begins as the model was taught it."""
        begin = self.special("bos")
        raw = text.encode()
        add_begin = whole_prompt and not (begin and text.startswith(begin))
        room = len(raw) + 8
        array = (lib.llama_token * room)()
        count = lib.llama_tokenize(self._vocabulary, raw, len(raw), array, room, add_begin, True)
        if count < 0:
            raise ModelFailedError("The language model could not take the text apart.")
        return list(array[:count])

    def piece(self, token: int) -> bytes:
        """The text of a token, which may be a part of a character."""
        size = _LONGEST_PIECE
        buffer = ctypes.create_string_buffer(size)
        count = lib.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, True)
        if count < 0:
            size = -count
            buffer = ctypes.create_string_buffer(size)
            count = lib.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, True)
        return buffer.raw[:count]

    def is_end(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self._vocabulary, token))

    def is_control(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_control(self._vocabulary, token))

    def is_special(self, text: str) -> bool:
        """Whether `text` is one token that steers the model, or that is always one."""
        found = self.tokens(text)
        if len(found) != 1:
            return False
        marks = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        return bool(lib.llama_vocab_get_attr(self._vocabulary, found[0]) & marks)

    def forget_from(self, position: int) -> bool:
        """Forget the tokens from there on. False when this kind of model can only forget all."""
        if position >= len(self.kept):
            return True
        if not lib.llama_memory_seq_rm(self._memory, 0, position, -1):
            return False
        del self.kept[position:]
        return True

    def forget(self) -> None:
        lib.llama_memory_clear(self._memory, False)
        self.kept.clear()

    def read(self, tokens: Sequence[int], cancelled: Cancelled) -> None:
        """Read them behind what is kept. Raises InterruptedReadingError, keeping what was read;
        ModelFailedError."""
        self._cancelled = cancelled
        try:
            for start in range(0, len(tokens), _READ_AT_ONCE):
                self._read(tokens[start : start + _READ_AT_ONCE])
        finally:
            self._cancelled = lambda: False

    def _read(self, tokens: Sequence[int]) -> None:
        array = (lib.llama_token * len(tokens))(*tokens)
        status = lib.llama_decode(self.context, lib.llama_batch_get_one(array, len(tokens)))
        if status == 0:
            self.kept += tokens
            return
        if status != _ABORTED:
            self.forget()
            raise ModelFailedError(f"The language model failed while it was reading ({status}).")
        last = lib.llama_memory_seq_pos_max(self._memory, 0)
        self.kept = [*self.kept, *tokens][: last + 1]
        raise InterruptedReadingError

    def write_state(self, path: Path) -> bool:
        """Write what is kept into a file."""
        array = (lib.llama_token * len(self.kept))(*self.kept)
        count = len(self.kept)
        return bool(lib.llama_state_seq_save_file(self.context, bytes(path), 0, array, count))

    def read_state(self, path: Path) -> bool:
        """Keep what the file says, and nothing else. False when it does not fit this model; then
        nothing is kept. The file must be whole: llama.cpp believes what is in it."""
        self.forget()
        array = (lib.llama_token * self.context_tokens)()
        count = ctypes.c_size_t(0)
        if not lib.llama_state_seq_load_file(
            self.context, bytes(path), 0, array, self.context_tokens, ctypes.byref(count)
        ):
            self.forget()
            return False
        self.kept = list(array[: count.value])
        return True


def _load(path: Path, progress: Progress) -> Any:
    parameters = lib.llama_model_default_params()

    def report(done: float, _: object) -> bool:
        progress(done)
        return True

    # Kept until the model is there.
    callback = parameters.progress_callback = lib.llama_progress_callback(report)
    model = lib.llama_model_load_from_file(bytes(path), parameters)
    del callback
    if model is None:
        raise UnavailableError(
            f"The language model in “{path.name}” cannot be loaded: the file is damaged, or of a"
            " kind that this llama.cpp does not know."
        )
    return model
