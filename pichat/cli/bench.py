"""`pichat bench`: how well this house would be served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec

from pichat.cli.context import finish, state_dir_option
from pichat.config.types import Logging
from pichat.errors import UnavailableError

if TYPE_CHECKING:
    from pichat.cli.bench_asked import Asked
    from pichat.llm.exam.figures import Result
    from pichat.llm.exam.paper import Task
    from pichat.llm.local import LocalProvider
    from pichat.turn.sitting import Examiner

_MOST_UNANSWERED = 3


@click.group()
def bench() -> None:
    """Measure what this house would be served with."""


@bench.command()
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="A GGUF file, or the name of a language model that is installed.",
)
@click.option(
    "--profile", help="The profile whose chain is asked. Else the active one.", metavar="NAME"
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Only so many of the hundred requests, of all kinds alike.",
    metavar="N",
)
@click.option(
    "--json",
    "json_file",
    type=click.File("wb", lazy=False),  # found out before, not after, a hundred requests
    help="Also write the figures and every result to FILE.",
    metavar="FILE",
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Else $PICHAT_CONFIG, else ./config.yaml, else /etc/pichat/config.yaml.",
)
@state_dir_option
def llm(
    *,
    model: Path | None,
    profile: str | None,
    limit: int | None,
    json_file: BinaryIO | None,
    config_path: Path | None,
    state_dir: Path,
) -> None:
    """How well a language model serves a home: a hundred requests to a simulated house, whose
    calls are compared with the right ones. Nothing is done to your own house. Without --model, the
    chain of the profile is asked as it is now; what a model in the cloud costs, it costs here as
    well."""
    if model is not None and profile is not None:
        raise click.UsageError("Either --model or --profile, not both.")
    from pichat.logs import set_up_logs

    set_up_logs(Logging(level="error"))
    finish(_llm(model, profile, limit, json_file, config_path, state_dir))


async def _llm(
    model: Path | None,
    profile: str | None,
    limit: int | None,
    json_file: BinaryIO | None,
    config_path: Path | None,
    state_dir: Path,
) -> int:
    from pichat.cli.bench_asked import of_model, of_profile
    from pichat.cli.bench_table import show
    from pichat.llm.exam.figures import figures
    from pichat.llm.exam.paper import tasks

    if model is not None:
        asked = of_model(model, state_dir)
    else:
        asked = await of_profile(profile, config_path, state_dir)
    async with _examiner(asked) as (examiner, local):
        results = await _sit(examiner, tasks(limit))
        memory_mb = _memory_mb(local.worker.pid) if local is not None else None
    found = figures(results, memory_mb)
    show(found, results)
    if json_file is not None:
        told = {"figures": found, "results": results}
        json_file.write(msgspec.json.format(msgspec.json.encode(told)))
    return 0


@asynccontextmanager
async def _examiner(asked: Asked) -> AsyncIterator[tuple[Examiner, LocalProvider | None]]:
    """Those who are asked, ready to answer, with a folder of their own for what they keep: the
    daemon may be at work. Raises UnavailableError and ConfigError."""
    from pichat.bus import Bus
    from pichat.health import Health
    from pichat.llm.local import LocalProvider
    from pichat.llm.providers import LOCAL, open_providers
    from pichat.turn.sitting import Examiner

    with TemporaryDirectory(prefix="pichat-bench-") as folder:
        async with open_providers(asked.llm, Path(folder), Health(Bus())) as providers:
            found = providers.get(LOCAL)
            local = found if isinstance(found, LocalProvider) else None
            if local is not None:
                click.echo(f"Loading {local.model} …", err=True)
                await local.load()
            examiner = Examiner(providers, asked.profile, asked.profile_name, asked.language)
            yield examiner, local


async def _sit(examiner: Examiner, tasks: Sequence[Task]) -> list[Result]:
    """Every result. Raises UnavailableError when nobody answers: then there is nothing to tell."""
    from pichat.cli.bench_table import Progress

    results: list[Result] = []
    unanswered = 0
    with Progress(len(tasks)) as progress:
        for task in tasks:
            result = await examiner.sit(task)
            results.append(result)
            progress.one(result)
            unanswered = 0 if result.answers else unanswered + 1
            if unanswered and (unanswered == len(results) or unanswered >= _MOST_UNANSWERED):
                raise UnavailableError(result.error or "No language model answers.")
    return results


def _memory_mb(pid: int | None) -> float | None:
    """The memory that a process takes (proc(5), VmRSS)."""
    if pid is None:
        return None
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines if line.startswith("VmRSS:"))
    return next((round(int(words[1]) * 1024 / 1e6, 1) for words in found), None)
