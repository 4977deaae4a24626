"""A small vocabulary of the SentencePiece kind, learned from a little text about a house."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from gguf import TokenType

SPACE = "▁"  # how SentencePiece writes a space
UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
_FIRST_BYTE = 3  # behind these three

_SPOKEN = """
You are PiChat, the voice of this house. Answer in one short sentence. It is Tuesday evening.
turn on the kitchen light and turn off the hallway light please. is the front door locked?
set the bedroom thermostat to twenty one degrees. open the blinds in the living room.
what is the temperature in the bathroom? The kitchen light is on now. The front door is locked.
the device of an area, its name and its state; the value of a capability such as brightness
"""
_WRITTEN = """
(system)(user)(assistant)(user)(assistant)(user)(assistant)(system)(user)(assistant)
{"type": "function", "function": {"name": "set_device_state", "description": "Turn a device on",
"parameters": {"type": "object", "properties": {"device": {"type": "string", "description": "The
name of the device"}, "value": {"type": "number", "minimum": 0, "maximum": 100}, "on": {"type":
"boolean"}}, "required": ["device", "value"]}}} {"name": "get_device_state", "arguments": {"area":
"kitchen"}} {"enum": ["light", "lock", "cover"], "items": {"type": "integer"}}
"additionalProperties"
"""


class Vocabulary(NamedTuple):
    tokens: list[str]
    scores: list[float]
    types: list[TokenType]

    def id_of(self, text: str) -> int:
        """Of a token, or of the single byte that `text` is."""
        if text in self.tokens:
            return self.tokens.index(text)
        (byte,) = text.encode()
        return _FIRST_BYTE + byte


def vocabulary(control: tuple[str, ...], whole: tuple[str, ...], merges: int = 320) -> Vocabulary:
    """`control` tokens steer the model and are no text; `whole` ones are text that is always one
    token. Bytes stand in for what is not known, as in real models."""
    tokens = [UNKNOWN, BEGIN, END, *(f"<0x{byte:02X}>" for byte in range(256)), *control]
    whole = tuple(text for text in dict.fromkeys(whole) if text not in tokens)
    tokens += whole
    types = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    types += [TokenType.BYTE] * 256
    types += [TokenType.CONTROL] * len(control) + [TokenType.USER_DEFINED] * len(whole)
    scores = [0.0] * len(tokens)
    letters = [SPACE, *(chr(code) for code in range(ord("!"), ord("~") + 1))]
    # The highest score is merged first: the order in which they were learned. llama.cpp ends the
    # process when two tokens are alike.
    pieces = [piece for piece in [*_learn(merges), *letters] if piece not in tokens]
    for rank, piece in enumerate(pieces):
        tokens.append(piece)
        scores.append(-float(rank + 1))
        types.append(TokenType.NORMAL)
    return Vocabulary(tokens, scores, types)


def _learn(merges: int) -> list[str]:
    """Byte pair encoding: again and again the pair that is seen most often becomes one piece."""
    text = (_SPOKEN * 2 + _WRITTEN * 3).replace("\n", " ").replace(" ", SPACE)
    words = Counter(re.findall(f"{SPACE}?[a-zA-Z]+|{SPACE}?[^a-zA-Z{SPACE}]+|{SPACE}", text))
    split = {word: list(word) for word in words}
    learned: list[str] = []
    while len(learned) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, count in words.items():
            for pair in pairwise(split[word]):
                pairs[pair] += count
        if not pairs:
            break
        (left, right), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        learned.append(left + right)
        split = {word: _merged(parts, left, right) for word, parts in split.items()}
    return learned


def _merged(parts: list[str], left: str, right: str) -> list[str]:
    found: list[str] = []
    for part in parts:
        if part == right and found and found[-1] == left:
            found[-1] = left + right
        else:
            found.append(part)
    return found
