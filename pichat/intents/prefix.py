"""Reads the beginning of a sentence: every way in which the templates go along with it, whether
they end with it or go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hassil.expression import (
    Alternative,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.intents import RangeSlotList, TextSlotList

from pichat.intents.language import SPELLINGS, Language
from pichat.intents.lexicon import Lexicon, Value, numbers

_HYPHENS = str.maketrans("-_", "  ")
_MOST_WAYS = 24
UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u3040", "\u9fff"))
"""Scripts without spaces between words: Thai and Lao, Burmese, Khmer, kana and Han."""


@dataclass(frozen=True, slots=True, eq=False)
class Seq:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class InAnyOrder:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A slot and the list that fills it. `templates`: values that are templates themselves."""

    slot: str
    lexicon: Lexicon
    templates: tuple[tuple[Value, Node], ...] = ()

    def values(self) -> list[Value]:
        return self.lexicon.values() + [value for value, _ in self.templates]


Node = str | Seq | AnyOf | InAnyOrder | Hole
Rest = tuple[Node, "Rest"] | None
"""What a template still wants, first things first."""

Filled = tuple[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Templates of one intent that mean the same but for what fills them."""

    intent: str
    response: str
    slots: dict[str, Any]
    required: dict[str, Any]
    excluded: dict[str, Any]
    templates: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """A template that goes on where the text ends. `begun`: the slot in the middle of which it
    ends, or that comes next, and what it can still become."""

    block: Block
    filled: tuple[Filled, ...]
    begun: tuple[str, list[Value]] | None
    rest: Rest


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A template that the text satisfies."""

    block: Block
    filled: tuple[Filled, ...]


Template = tuple[Block, Node]


def read(template: Template, text: str) -> Iterator[Whole | Ahead]:
    """Every way in which `text` satisfies or begins the template. `text` is folded, with single
    spaces and, where words are `spaced`, one more at its end."""
    block, root = template
    todo: list[tuple[int, tuple[Filled, ...], Rest]] = [(0, (), (root, None))]
    while todo:
        at, filled, rest = todo.pop()
        while rest is not None:
            node, rest = rest
            if type(node) is str:
                end = _chunk(node, text, at)
                if end is None:
                    break
                if end < 0:
                    yield Ahead(block, filled, None, rest)
                    break
                at = end
            elif type(node) is Seq:
                for item in reversed(node.items):
                    rest = (item, rest)
            elif type(node) is AnyOf:
                todo += [(at, filled, (item, rest)) for item in node.items]
                break
            elif type(node) is InAnyOrder:
                todo += [(at, filled, (one, _others(node, one, rest))) for one in node.items]
                break
            elif type(node) is Hole:
                at += text.startswith(" ", at)
                for value, inner in node.templates:
                    todo.append((at, (*filled, (node.slot, value)), (inner, rest)))
                for end, value in node.lexicon.at(text, at):
                    todo.append((end, (*filled, (node.slot, value)), rest))
                if becoming := node.lexicon.beginning_with(text[at:]):
                    yield Ahead(block, filled, (node.slot, becoming), rest)
                break
        else:
            if not text[at:].strip():
                yield Whole(block, filled)


def _chunk(chunk: str, text: str, at: int) -> int | None:
    """Where the chunk ends in the text; -1 when the text ends first; None when they differ."""
    if chunk[0] == " " and (at == 0 or text[at - 1] in " '"):
        chunk = chunk[1:]
    if text.startswith(chunk, at):
        return at + len(chunk)
    left = len(text) - at
    if left < len(chunk) and chunk.startswith(text[at:]):
        return -1 if chunk[left:].strip() else len(text)
    return None


def _others(node: InAnyOrder, taken: Node, rest: Rest) -> Rest:
    others = tuple(item for item in node.items if item is not taken)
    return (InAnyOrder(others), rest) if others else rest


class Ways:
    """Which slots a template can still fill before it ends."""

    def __init__(self) -> None:
        self._known: dict[int, frozenset[tuple[Hole, ...]]] = {}
        self._kept: list[Node] = []  # an id stays taken as long as its node lives

    def of(self, rest: Rest) -> frozenset[tuple[Hole, ...]]:
        """Each different series of slots; () for a way without any."""
        found: frozenset[tuple[Hole, ...]] = frozenset([()])
        while rest is not None:
            node, rest = rest
            found = _joined(found, self._of_node(node))
        return found

    def _of_node(self, node: Node) -> frozenset[tuple[Hole, ...]]:
        if isinstance(node, str):
            return frozenset([()])
        if isinstance(node, Hole):
            return frozenset([(node,)])
        known = self._known.get(id(node))
        if known is None:
            known = frozenset([()])
            parts = [self._of_node(item) for item in node.items]
            if isinstance(node, AnyOf):
                known = frozenset(way for part in parts for way in part)
            else:
                for part in parts:
                    known = _joined(known, part)
            self._known[id(node)] = known
            self._kept.append(node)
        return known


def _joined(
    some: frozenset[tuple[Hole, ...]], more: frozenset[tuple[Hole, ...]]
) -> frozenset[tuple[Hole, ...]]:
    joined = {(*one, *other) for one in some for other in more}
    return frozenset(sorted(joined, key=len)[:_MOST_WAYS])


class Grammar:
    """A language's templates over one house's names."""

    def __init__(self, language: Language, lists: dict[str, Any]) -> None:
        self._language = language
        sentences = language.sentences
        self.spaced = not sentences.settings.ignore_whitespace
        self._skip_words = sentences.skip_words
        self._padding = [phrase.casefold().split() for phrase in sentences.skip_words]
        self._holes: dict[tuple[int, str], Hole] = {}
        self._rules: dict[str, Node] = {}
        self.templates: list[Template] = []
        for name, intent in sentences.intents.items():
            for data in intent.data:
                block = self._block(name, data, {**sentences.slot_lists, **lists})
                self.templates += [(block, node) for node in block.templates]

    def said(self, text: str) -> list[str]:
        """The text as `read` takes it: with the words that sentences may be padded with
        ("please"), and without."""
        from hassil.util import normalize_for_matching, remove_skip_words

        for spelling, known in SPELLINGS.get(self._language.code, ()):
            text = text.replace(spelling, known)
        whole = normalize_for_matching(text).text
        bare = remove_skip_words(whole, self._skip_words, not self.spaced)
        texts = dict.fromkeys(self._folded(one).strip() for one in (whole, bare))
        return [f"{one} " if self._has_spaces(one) else one for one in texts if one]

    def without_begun_padding(self, text: str) -> str:
        """The text without padding that ends in the middle ("… for", on the way to "for me"), and
        "" for one that is all padding."""
        from hassil.util import normalize_for_matching, remove_skip_words

        words = normalize_for_matching(text).text.casefold().split()
        if not words:
            return text
        for phrase in self._padding:
            for count in range(len(phrase) - 1, 0, -1):
                if words[-count:] == phrase[:count]:
                    words = words[:-count]
                    break
        return remove_skip_words(" ".join(words), self._skip_words, not self.spaced)

    def _has_spaces(self, text: str) -> bool:
        """Whether the word that ends the text would be set apart from the next."""
        return self.spaced and not any(first <= text[-1] <= last for first, last in UNSPACED)

    def _block(self, intent: str, data: Any, lists: dict[str, Any]) -> Block:
        lists = {**lists, **data.slot_lists}
        bodies = {**self._language.sentences.expansion_rules, **data.expansion_rules}
        rules = {} if data.expansion_rules else self._rules
        return Block(
            intent=intent,
            response=data.response or "default",
            slots=data.slots,
            required=data.requires_context or {},
            excluded=data.excludes_context or {},
            templates=tuple(
                self._node(sentence.expression, bodies, rules, lists) for sentence in data.sentences
            ),
        )

    def _node(
        self, one: Any, bodies: dict[str, Any], rules: dict[str, Node], lists: dict[str, Any]
    ) -> Node:
        if isinstance(one, TextChunk):
            return self._folded(one.text) or Seq(())
        if isinstance(one, RuleReference):
            if one.rule_name not in rules:
                rules[one.rule_name] = self._node(
                    bodies[one.rule_name].expression, bodies, rules, lists
                )
            return rules[one.rule_name]
        if isinstance(one, ListReference):
            return self._hole(one, bodies, rules, lists)
        if not isinstance(one, Group):
            raise TypeError(f"hassil has a new kind of expression: {one!r}")
        items = tuple(self._node(item, bodies, rules, lists) for item in one.items)
        if isinstance(one, Alternative):
            return AnyOf(items)
        if isinstance(one, Permutation):
            return InAnyOrder(items)
        return items[0] if len(items) == 1 else Seq(items)

    def _hole(
        self, one: Any, bodies: dict[str, Any], rules: dict[str, Node], lists: dict[str, Any]
    ) -> Hole:
        values = lists.get(one.list_name)
        if values is None and one.is_inline_range:
            start, stop, step = one.get_inline_range()
            values = RangeSlotList(name=one.list_name, start=start, stop=stop, step=step)
        key = (id(values), one.slot_name)
        if key not in self._holes:
            self._holes[key] = self._filled(one.slot_name, values, bodies, rules, lists)
        return self._holes[key]

    def _filled(
        self,
        slot: str,
        values: Any,
        bodies: dict[str, Any],
        rules: dict[str, Node],
        lists: dict[str, Any],
    ) -> Hole:
        if isinstance(values, RangeSlotList):
            return Hole(slot, numbers(values, self._language.code))
        plain: list[tuple[str, Value]] = []
        templates: list[tuple[Value, Node]] = []
        for one in values.values if isinstance(values, TextSlotList) else ():
            value = Value(one.value_out, one.context or {}, (one.metadata or {}).get("ids", ()))
            if isinstance(one.text_in, TextChunk):
                plain.append((self._folded(one.text_in.text).strip(), value))
            else:
                templates.append((value, self._node(one.text_in, bodies, rules, lists)))
        return Hole(slot, Lexicon(plain), tuple(templates))

    def _folded(self, text: str) -> str:
        folded = text.casefold().translate(_HYPHENS)
        return folded if self.spaced else folded.replace(" ", "")
