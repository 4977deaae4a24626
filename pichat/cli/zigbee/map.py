"""`pichat zigbee map`: who hears whom, as a tree, as JSON, or for Graphviz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text
from rich.tree import Tree

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, print_json

_GOOD_LQI, _WEAK_LQI = 150, 80
_SHAPES = {"coordinator": "doubleoctagon", "router": "box", "end_device": "ellipse"}


def _colour(lqi: int | None) -> str:
    if lqi is None:
        return "dim"
    return "green" if lqi >= _GOOD_LQI else "yellow" if lqi >= _WEAK_LQI else "red"


def _links(drawn: dict[str, Any]) -> dict[frozenset[str], dict[str, Any]]:
    return {frozenset((link["a"], link["b"])): link for link in drawn["links"]}


def _both_ways(link: dict[str, Any], near: str) -> tuple[int | None, int | None]:
    """How well the near one hears the far one, and the other way round."""
    ways = (link["lqi_a"], link["lqi_b"])
    return ways if link["a"] == near else (ways[1], ways[0])


def _label(node: dict[str, Any], link: dict[str, Any] | None) -> Text:
    text = Text(node["name"], style="bold")
    if node["area"]:
        text.append(f" ({node['area']})", style="default")
    if link is not None:
        for arrow, lqi in zip("←→", _both_ways(link, node["parent_id"]), strict=True):
            text.append(f"  {arrow} {'?' if lqi is None else lqi}", style=_colour(lqi))
    if node["type"] == "end_device":
        text.append("  sleeps" if node["sleepy"] else "  end device", style="dim")
    if node["error"]:
        text.append(f"  {node['error']}", style="red")
    return text


def tree_of(drawn: dict[str, Any]) -> Tree:
    """Each under whom it is reached through; the arrows are the qualities of that link from and to
    it (0 to 255)."""
    links = _links(drawn)
    nodes = {node["id"]: node for node in drawn["nodes"]}
    children: dict[str | None, list[dict[str, Any]]] = {}
    for node in drawn["nodes"]:
        parent = node["parent_id"] if node["parent_id"] in nodes else None
        children.setdefault(parent, []).append(node)

    def grow(branch: Tree, node_id: str) -> None:
        for node in children.get(node_id, ()):
            link = links.get(frozenset((node_id, node["id"])))
            grow(branch.add(_label(node, link)), node["id"])

    top = Tree(Text("Zigbee network"), hide_root=True)
    for node in children.get(None, ()):
        grow(top.add(_label(node, None)), node["id"])
    return top


def dot_of(drawn: dict[str, Any]) -> str:
    """The map for Graphviz: `pichat zigbee map --dot | dot -Tsvg`."""
    lines = ["graph zigbee {", "  overlap=false; splines=true;"]
    for node in drawn["nodes"]:
        label = "\\n".join(_quoted(part) for part in (node["name"], node["area"]) if part)
        shape = _SHAPES.get(node["type"], "diamond")
        colour = ' color="red"' if node["error"] else ""
        lines.append(f'  "{node["id"]}" [label="{label}" shape={shape}{colour}];')
    for link in drawn["links"]:
        told = [str(lqi) for lqi in (link["lqi_a"], link["lqi_b"]) if lqi is not None]
        lines.append(f'  "{link["a"]}" -- "{link["b"]}" [label="{"/".join(told)}"];')
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


async def _map(state_dir: Path, *, last: bool, as_json: bool, as_dot: bool) -> int:
    drawn = (await ask(state_dir, "get_network"))["map"] if last else None
    if drawn is None:
        if not (as_json or as_dot):
            click.echo("Every router is asked whom it hears; that takes some seconds.", err=True)
        drawn = await ask(state_dir, "scan_network")
    if as_json:
        print_json(drawn)
    elif as_dot:
        click.echo(dot_of(drawn))
    else:
        console.print(tree_of(drawn))
        console.print(f"{len(drawn['nodes'])} nodes, {len(drawn['links'])} links.")
    return 0


@click.command()
@click.option("--last", is_flag=True, help="That of the last scan, if there was one.")
@click.option("--dot", "as_dot", is_flag=True, help="Print it for Graphviz.")
@json_option
@state_dir_option
def map(*, last: bool, as_dot: bool, as_json: bool, state_dir: Path) -> None:  # noqa: A001
    """Draw the network: who is reached through whom, and how good each link is (0 to 255)."""
    finish(_map(state_dir, last=last, as_json=as_json, as_dot=as_dot))
