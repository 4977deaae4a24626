"""`pichat bench`: how well this house would be served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click
import msgspec

from pichat.cli.context import finish, state_dir_option
from pichat.config import find_config, load_config
from pichat.config.describe import suggestion
from pichat.config.types import Config, LocalModel, Logging, Profile, Step
from pichat.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from pichat.llm.base import Provider
    from pichat.llm.exam.figures import Result
    from pichat.llm.exam.paper import Task
    from pichat.llm.local import LocalProvider
    from pichat.turn.sitting import Examiner

_PATIENCE_S = 3600.0  # of a model that is tried out by itself
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
@click.option("--profile", help="A profile of config.yaml, whose chain is asked.", metavar="NAME")
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
    chain of the profile is asked; what a model in the cloud costs, it costs here as well."""
    if model is not None and profile is not None:
        raise click.UsageError("Either --model or --profile, not both.")
    from pichat.logs import set_up_logs

    set_up_logs(Logging(level="error"))
    finish(_llm(model, profile or "default", limit, json_file, config_path, state_dir))


async def _llm(
    model: Path | None,
    profile: str,
    limit: int | None,
    json_file: BinaryIO | None,
    config_path: Path | None,
    state_dir: Path,
) -> int:
    from pichat.cli.bench_table import show
    from pichat.llm.exam.figures import figures
    from pichat.llm.exam.paper import tasks

    asked = _of_model(model) if model is not None else _of_profile(profile, config_path)
    async with _examiner(asked, state_dir) as (examiner, local):
        results = await _sit(examiner, tasks(limit))
        memory_mb = _memory_mb(local.worker.pid) if local is not None else None
    found = figures(results, memory_mb)
    show(found, results)
    if json_file is not None:
        told = {"figures": found, "results": results}
        json_file.write(msgspec.json.format(msgspec.json.encode(told)))
    return 0


class _Asked(NamedTuple):
    """Who is to be asked, by which profile."""

    config: Config
    profile: Profile
    profile_name: str


def _of_model(model: Path) -> _Asked:
    config = msgspec.structs.replace(
        Config(), llm=msgspec.structs.replace(Config().llm, local=LocalModel(model=model))
    )
    step = Step(use="local", first_token_s=_PATIENCE_S, total_s=_PATIENCE_S)
    return _Asked(config, Profile(chain=(step,)), "default")


def _of_profile(name: str, config_path: Path | None) -> _Asked:
    config = load_config(find_config(config_path))
    profile = config.profiles.get(name)
    if profile is None:
        raise NotFoundError(
            f"There is no profile {name!r} in config.yaml.{suggestion(name, config.profiles)}"
        )
    if config.llm.local is None and not config.llm.providers:
        raise NotFoundError(
            "config.yaml names no language model. To try one out: pichat bench llm --model FILE"
        )
    return _Asked(config, profile, name)


@asynccontextmanager
async def _examiner(
    asked: _Asked, state_dir: Path
) -> AsyncIterator[tuple[Examiner, LocalProvider | None]]:
    """The providers that the profile's chain names, and those alone, ready to answer. Raises
    UnavailableError and ConfigError."""
    from pichat.turn.sitting import Examiner

    llm, profile = asked.config.llm, asked.profile
    used = {step.use.partition(":")[0] for step in profile.steps}
    used -= {"intents"}
    providers: dict[str, Provider] = {}
    local: LocalProvider | None = None
    async with AsyncExitStack() as stack:
        if llm.local is not None and (not used or "local" in used):
            local = await _local(stack, llm.local, state_dir)
            providers["local"] = local
        cloud = {name: each for name, each in llm.providers.items() if not used or name in used}
        if cloud:
            import aiohttp

            from pichat.modules import load_engine

            http = await stack.enter_async_context(aiohttp.ClientSession())
            for name, each in cloud.items():
                engine = load_engine("llm", each.kind, kind="language model")
                providers[name] = engine.create(name, each, http)
        examiner = Examiner(providers, profile, asked.profile_name, asked.config.language)
        yield examiner, local


async def _local(stack: AsyncExitStack, config: LocalModel, state_dir: Path) -> LocalProvider:
    """Loaded, with a folder of its own for what it keeps: the daemon may be at work."""
    from pichat.bus import Bus
    from pichat.health import Health
    from pichat.llm.local import create_local
    from pichat.models.shelf import resolve

    path = resolve(config.model, "gguf", state_dir)
    config = msgspec.structs.replace(config, model=path)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="pichat-bench-")))
    local = await stack.enter_async_context(create_local("local", config, folder, Health(Bus())))
    click.echo(f"Loading {path.name} …", err=True)
    await local.load()
    return local


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
