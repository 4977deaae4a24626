"""By what a list of models can be narrowed, and how many of each kind there are."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from pichat.turn.catalogue import ModelView, Place

_GB = 1000**3
_SIZES = ((_GB, "up to 1 GB"), (4 * _GB, "1 to 4 GB"), (16 * _GB, "4 to 16 GB"))
_CONTEXTS = ((8_192, "up to 8k"), (32_768, "8k to 32k"), (131_072, "32k to 128k"))
UNKNOWN = "unknown"


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """One kind, and how many models are of it."""

    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts the models. The most frequent kinds come first; `sizes` are those of models on
    this machine."""

    total: int
    providers: tuple[Facet, ...]
    places: tuple[Facet, ...]
    input_modalities: tuple[Facet, ...]
    output_modalities: tuple[Facet, ...]
    tools: tuple[Facet, ...]
    available: tuple[Facet, ...]
    context: tuple[Facet, ...]
    sizes: tuple[Facet, ...]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Only models of that provider, place or input modality, that are or are not available, or in
    whose name or id `query` stands."""

    provider: str | None = None
    place: Place | None = None
    modality: str | None = None
    available: bool | None = None
    query: str | None = None


def narrowed(models: Sequence[ModelView], wanted: Filter) -> tuple[ModelView, ...]:
    return tuple(model for model in models if _fits(model, wanted))


def facets(models: Sequence[ModelView]) -> Facets:
    return Facets(
        total=len(models),
        providers=_counted(model.provider for model in models),
        places=_counted(model.place for model in models),
        input_modalities=_counted(each for model in models for each in _inputs(model)),
        output_modalities=_counted(each for model in models for each in _outputs(model)),
        tools=_counted(_word(model.tools) for model in models),
        available=_counted(_word(model.available) for model in models),
        context=_counted(_step(model.context_tokens, _CONTEXTS, "over 128k") for model in models),
        sizes=_counted(
            _step(model.size_bytes, _SIZES, "over 16 GB")
            for model in models
            if model.size_bytes is not None
        ),
    )


def _counted(values: Iterator[str]) -> tuple[Facet, ...]:
    return tuple(Facet(value=value, count=count) for value, count in Counter(values).most_common())


def _fits(model: ModelView, wanted: Filter) -> bool:
    query = (wanted.query or "").casefold()
    return (
        wanted.provider in (None, model.provider)
        and wanted.place in (None, model.place)
        and wanted.available in (None, model.available)
        and (wanted.modality is None or wanted.modality in _inputs(model))
        and (query in model.id.casefold() or query in model.name.casefold())
    )


def _inputs(model: ModelView) -> tuple[str, ...]:
    return model.input_modalities or (UNKNOWN,)


def _outputs(model: ModelView) -> tuple[str, ...]:
    return ("text", "image") if model.draws else ("text",)


def _word(value: bool | None) -> str:
    return UNKNOWN if value is None else "yes" if value else "no"


def _step(value: int | None, steps: Sequence[tuple[int, str]], over: str) -> str:
    if value is None:
        return UNKNOWN
    return next((name for most, name in steps if value <= most), over)
