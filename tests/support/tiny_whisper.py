"""A Whisper model of hand-made weights: whatever it hears, it says the same sentence.

The format is the real one of CTranslate2 and of OpenAI's multilingual models (51,865 tokens, 80
mel bands). Attention and feed-forward weights are zero, so that the decoder's position alone
chooses the next token. `encoder_layers` makes it slow and no bigger: equal layers are stored once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ctranslate2.specs import whisper_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

SENTENCE = "What is the capital of France?"
_LANGUAGES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th "
    "ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr "
    "pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt "
    "haw ln ha ba jw su"
)
LANGUAGES = _LANGUAGES.split()
TEXT_TOKENS = 50_257
TOKENS = 51_865
WIDTH = 16
MELS, ENCODER_STEPS, DECODER_STEPS = 80, 1500, 448
PROMPT_TOKENS = 4  # start, language, task, no timestamps
SURE, UNSURE = 30.0, 0.05

Weights = npt.NDArray[np.float32]


def write_tiny_whisper(
    folder: Path, sentence: str = SENTENCE, *, encoder_layers: int = 1, sure: bool = True
) -> Path:
    """Write a model folder and return it. The sentence has at most twelve words.

    Not `sure`: it takes every sound for one without speech, and doubts what it says all the same,
    as real models do with noise.
    """
    folder.mkdir(parents=True)
    words = [f"Ġ{word}" for word in sentence.split()]
    tokens = _tokens(list(dict.fromkeys(words)))
    chain = [tokens.index(word) for word in words]
    _write_tokenizer(folder, tokens)
    spec = whisper_spec.WhisperSpec(encoder_layers, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder, [*chain, TEXT_TOKENS], SURE if sure else UNSURE)
    spec.register_vocabulary(tokens)
    spec.config.lang_ids = list(range(TEXT_TOKENS + 2, TEXT_TOKENS + 2 + len(LANGUAGES)))
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    preprocessor = {"feature_size": MELS, "sampling_rate": 16_000, "hop_length": 160}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return folder


def _tokens(words: Sequence[str]) -> list[str]:
    """Every token in the order of its number: bytes, the sentence's words, fillers, specials."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    text = [*letters, *words]
    text += [f"Ġ…{number}" for number in range(TEXT_TOKENS - 1 - len(text))]
    # The empty token is what CTranslate2 knows a multilingual model by.
    return [*text, "", *_specials()]


def _specials() -> Iterator[str]:
    yield from ("<|endoftext|>", "<|startoftranscript|>")
    yield from (f"<|{code}|>" for code in LANGUAGES)
    names = "translate transcribe startoflm startofprev nospeech notimestamps"
    yield from (f"<|{name}|>" for name in names.split())
    yield from (f"<|{step * 0.02:.2f}|>" for step in range(1501))


def _write_tokenizer(folder: Path, tokens: Sequence[str]) -> None:
    vocabulary = {token: number for number, token in enumerate(tokens[:TEXT_TOKENS])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = [AddedToken(token, special=True) for token in tokens[TEXT_TOKENS:]]
    tokenizer.add_special_tokens(specials)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def _fill_encoder(encoder: Any) -> None:
    """It hears nothing: the convolutions give zeros."""
    _fill(encoder.conv1, (WIDTH, MELS, 3))
    _fill(encoder.conv2, (WIDTH, WIDTH, 3))
    encoder.position_encodings.encodings = _zeros(ENCODER_STEPS, WIDTH)
    _fill_norm(encoder.layer_norm)
    for layer in encoder.layer:
        _fill_attention(layer.self_attention, (3, 1))
        _fill_feed_forward(layer.ffn)


def _fill_decoder(decoder: Any, chain: Sequence[int], certainty: float) -> None:
    """The position chooses a dimension, and the dimension chooses the token."""
    no_speech = TOKENS - 1501 - 2
    positions, projection = _zeros(DECODER_STEPS, WIDTH), _zeros(TOKENS, WIDTH)
    for dimension, token in enumerate(chain):
        projection[token, dimension] = certainty
        positions[PROMPT_TOKENS - 1 + dimension, dimension] = 1
    positions[PROMPT_TOKENS + len(chain) - 1 :, len(chain) - 1] = 1
    if certainty == UNSURE:
        projection[no_speech, WIDTH - 1], positions[0, WIDTH - 1] = SURE, 1
    decoder.embeddings.weight = _zeros(TOKENS, WIDTH)
    decoder.position_encodings.encodings = positions
    decoder.projection.weight = projection
    _fill_norm(decoder.layer_norm)
    for layer in decoder.layer:
        _fill_attention(layer.self_attention, (3, 1))
        _fill_attention(layer.attention, (1, 2, 1))
        _fill_feed_forward(layer.ffn)


def _fill_attention(attention: Any, parts: Sequence[int]) -> None:
    _fill_norm(attention.layer_norm)
    for linear, times in zip(attention.linear, parts, strict=True):
        _fill(linear, (times * WIDTH, WIDTH))


def _fill_feed_forward(layer: Any) -> None:
    _fill_norm(layer.layer_norm)
    _fill(layer.linear_0, (WIDTH, WIDTH))
    _fill(layer.linear_1, (WIDTH, WIDTH))


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), _zeros(WIDTH)


def _fill(layer: Any, shape: tuple[int, ...]) -> None:
    layer.weight, layer.bias = _zeros(*shape), _zeros(shape[0])


def _zeros(*shape: int) -> Weights:
    return np.zeros(shape, np.float32)
