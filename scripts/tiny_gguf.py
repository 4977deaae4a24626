"""A language model of no size for the real llama.cpp: Llama's architecture, a tokenizer with byte
fallback, a chat template with tools, and weights that anybody may have.

    python -m scripts.tiny_gguf FILE [--seed N] [--family hermes] [--large]

Its weights are random, so it talks nonsense. With `says` it says that: the pieces become tokens,
and the rows of the output matrix make each follow the one before, which is what a bigram is.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import click
import gguf
import msgspec
import numpy as np
from gguf import GGUFWriter
from numpy.typing import NDArray

from scripts.tiny_templates import CHATML_END, CONTROL, FAMILIES, HERMES, WHOLE
from scripts.tiny_vocabulary import BEGIN, END, Vocabulary, vocabulary

Matrix = NDArray[np.float32]
_EPSILON = 1e-5
_SPREAD = 2.0  # of the logits of what is not said on purpose
_SURE = 60.0  # the logit of what is


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The dimensions. `width` is heads × 2n."""

    layers: int = 2
    width: int = 64
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 128
    context_tokens: int = 8192

    @property
    def kv_width(self) -> int:
        return self.width // self.heads * self.kv_heads


TINY = Shape()
SMALLEST = Shape(layers=1, width=32, heads=1, kv_heads=1, feed_forward=64)
LARGE = Shape(layers=10, width=640, heads=10, kv_heads=5, feed_forward=1792)
"""40 million parameters: reading 3,000 tokens takes seconds, as with real models on a Pi."""


def write_tiny_gguf(
    path: Path,
    *,
    seed: int = 0,
    template: str | None = HERMES,
    says: tuple[str, ...] = (),
    after: str = "\n",
    ends: str | None = CHATML_END,
    shape: Shape = TINY,
) -> Path:
    """Write the model and return `path`.

    `says`: pieces of text, no two alike, that are said when the prompt ends with the token `after`;
    then the answer ends. `ends`: the token that ends an answer, None for `</s>`.
    """
    words = vocabulary(CONTROL, (*WHOLE, *says))
    writer = GGUFWriter(path, "llama")
    _describe(writer, words, template, ends or END, shape)
    random = np.random.default_rng(seed)
    embedding = _matrix(random, len(words.tokens), shape.width, 1.0)
    output = _matrix(random, len(words.tokens), shape.width, _SPREAD / shape.width**0.5)
    chain = [after, *says, ends or END] if says else []
    for before, following in pairwise(chain):
        row = embedding[words.id_of(before)]
        output[words.id_of(following)] += row * (
            _SURE / float(np.linalg.norm(row)) / shape.width**0.5
        )
    for name, matrix in {"token_embd": embedding, "output": output}.items():
        writer.add_tensor(f"{name}.weight", matrix.astype(np.float16))
    writer.add_tensor("output_norm.weight", np.ones(shape.width, np.float32))
    for layer in range(shape.layers):
        _write_layer(writer, f"blk.{layer}", random, shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(
    writer: GGUFWriter, words: Vocabulary, template: str | None, ends: str, shape: Shape
) -> None:
    writer.add_name("a model of no size")
    writer.add_context_length(shape.context_tokens)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(_EPSILON)
    writer.add_vocab_size(len(words.tokens))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words.tokens)
    writer.add_token_scores(words.scores)
    writer.add_token_types(words.types)
    writer.add_bos_token_id(words.id_of(BEGIN))
    writer.add_eos_token_id(words.id_of(ends))
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    if template is not None:
        writer.add_chat_template(template)


def _write_layer(writer: GGUFWriter, name: str, random: np.random.Generator, shape: Shape) -> None:
    """Small weights: what a token is shines through, so that the output can go by it."""
    sizes = {
        "attn_q": (shape.width, shape.width),
        "attn_k": (shape.kv_width, shape.width),
        "attn_v": (shape.kv_width, shape.width),
        "attn_output": (shape.width, shape.width),
        "ffn_gate": (shape.feed_forward, shape.width),
        "ffn_up": (shape.feed_forward, shape.width),
        "ffn_down": (shape.width, shape.feed_forward),
    }
    for part, (rows, columns) in sizes.items():
        matrix = _matrix(random, rows, columns, 0.3 / columns**0.5)
        writer.add_tensor(f"{name}.{part}.weight", matrix.astype(np.float16))
    for part in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"{name}.{part}.weight", np.ones(shape.width, np.float32))


def _matrix(random: np.random.Generator, rows: int, columns: int, spread: float) -> Matrix:
    return random.standard_normal((rows, columns), np.float32) * np.float32(spread)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seed", type=int, default=0)
@click.option("--family", type=click.Choice(list(FAMILIES)), default="hermes")
@click.option("--large", is_flag=True, help="40 million parameters.")
def main(path: Path, seed: int, family: str, *, large: bool) -> None:
    """Write a language model of no size to PATH."""
    shape = LARGE if large else TINY
    write_tiny_gguf(path, seed=seed, template=FAMILIES[family], shape=shape)
    click.echo(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
