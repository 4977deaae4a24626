"""`pichat zigbee reporting`: how often a device tells an attribute by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import as_number, ask, device_argument, endpoint_option, print_json

_NEVER_S = 0xFFFF


def sentence_of(told: dict[str, Any]) -> str:
    what = f"The {told['name']} reports its {told['attribute']}"
    if told["min_interval_s"] is None or told["max_interval_s"] == _NEVER_S:
        return f"The {told['name']} does not report its {told['attribute']}."
    by = "" if told["change"] is None else f" when it changes by {told['change']:g}"
    longest = f"every {told['max_interval_s']} s at the latest"
    if not told["max_interval_s"]:
        longest = "only when it changes"
    return f"{what}{by}, {told['min_interval_s']} s apart at least, {longest}."


async def _reporting(
    state_dir: Path,
    where: dict[str, Any],
    interval: tuple[int, int] | None,
    change: float | None,
    *,
    as_json: bool,
) -> int:
    if interval is None:
        told = await ask(state_dir, "get_reporting", **where)
    else:
        least_s, most_s = interval
        told = await ask(
            state_dir,
            "set_reporting",
            **where,
            min_interval_s=least_s,
            max_interval_s=most_s,
            change=change,
            source="shell",
        )
    if as_json:
        print_json(told)
    else:
        click.echo(sentence_of(told))
    return 0


@click.command()
@device_argument
@click.argument("cluster")
@click.argument("attribute")
@click.option(
    "--interval",
    nargs=2,
    type=click.IntRange(0, _NEVER_S),
    metavar="LEAST_S MOST_S",
    help=f"Change it; a MOST_S of {_NEVER_S} ends the reports.",
)
@click.option("--change", type=float, help="How much it has to change, in its own unit.")
@endpoint_option
@json_option
@state_dir_option
def reporting(
    device: str,
    cluster: str,
    attribute: str,
    *,
    interval: tuple[int, int] | None,
    change: float | None,
    endpoint: int | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """Ask DEVICE how often it reports an ATTRIBUTE of a CLUSTER (by name or number), or change
    that."""
    if change is not None and interval is None:
        raise click.UsageError("--change goes with --interval.")
    where = {
        "device_id": device,
        "cluster": as_number(cluster),
        "attribute": as_number(attribute),
        "endpoint": endpoint,
    }
    finish(_reporting(state_dir, where, interval, change, as_json=as_json))
