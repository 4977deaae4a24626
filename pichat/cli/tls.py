"""`pichat tls`: the certificate that browsers are shown, and a new one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, print_json
from pichat.config import find_config, load_config
from pichat.config.types import Logging
from pichat.errors import UnavailableError
from pichat.gateway.machine import Machine
from pichat.gateway.services.certificates import OFF
from pichat.gateway.tls.build import open_certificates
from pichat.gateway.tls.day import day
from pichat.gateway.tls.folder import FOLDER
from pichat.logs import set_up_logs
from pichat.state import running_url

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Of a PiChat that does not run. Else $PICHAT_CONFIG, ./config.yaml, /etc/pichat.",
)

Certificate = dict[str, Any]


def _runs(state_dir: Path) -> bool:
    try:
        running_url(state_dir)
    except UnavailableError:
        return False
    return True


async def _of_daemon(state_dir: Path, action: str, payload: dict[str, Any]) -> Certificate:
    return dict((await ask(state_dir, action, **payload))["certificate"])


async def _of_files(
    config_path: Path | None, state_dir: Path, *, renew: bool = False, authority: bool = False
) -> Certificate:
    """What the daemon would show, made as it would make it. Raises StartError and others."""
    set_up_logs(Logging(level="warning"))
    config = load_config(find_config(config_path))
    if config.server.tls.mode == "auto" and not renew and not (state_dir / FOLDER).exists():
        raise UnavailableError("There is no certificate yet: PiChat makes it when it starts.")
    certificates = open_certificates(Machine(config.server), state_dir)
    if certificates is None:
        return {"mode": "off"}
    view = await certificates.renew(authority=authority) if renew else certificates.view()
    return dict(msgspec.to_builtins(view))


def _print(certificate: Certificate) -> None:
    if certificate["mode"] == "off":
        click.echo(OFF)
        return
    lines = {
        "Mode": certificate["mode"],
        "Names": ", ".join(certificate["names"]),
        "Ends": f"{_day(certificate['expires_s'])} ({certificate['days_left']} days left)",
        "Fingerprint": certificate["fingerprint"],
    }
    if certificate["authority_file"] is not None:
        lines |= {
            "Authority": certificate["authority_file"],
            "  ends": _day(certificate["authority_expires_s"]),
            "  fingerprint": certificate["authority_fingerprint"],
        }
    for name, value in lines.items():
        click.echo(f"{name:<15}{value}")
    if certificate["authority_file"] is not None:
        click.echo(
            "\nScreens trust the authority once; its page /certificate tells how. What they show as"
            " its SHA-256\nfingerprint has to be the authority's above."
        )
    if certificate["problem"]:
        click.echo(f"\n{certificate['problem']}", err=True)


def _day(seconds: float) -> str:
    return day(datetime.fromtimestamp(seconds, UTC))


async def _show(config_path: Path | None, state_dir: Path, *, as_json: bool) -> int:
    if _runs(state_dir):
        certificate = await _of_daemon(state_dir, "get_certificate", {})
    else:
        certificate = await _of_files(config_path, state_dir)
    if as_json:
        print_json(certificate)
    else:
        _print(certificate)
    return 1 if certificate.get("problem") else 0


async def _renew(config_path: Path | None, state_dir: Path, *, authority: bool) -> int:
    if _runs(state_dir):
        payload = {"authority": authority}
        certificate = await _of_daemon(state_dir, "renew_certificate", payload)
    else:
        certificate = await _of_files(config_path, state_dir, renew=True, authority=authority)
        if certificate["mode"] == "off":
            raise UnavailableError(OFF)
    _print(certificate)
    return 0


@click.group(invoke_without_command=True)
@config_option
@json_option
@state_dir_option
@click.pass_context
def tls(
    context: click.Context, /, *, config_path: Path | None, as_json: bool, state_dir: Path
) -> None:
    """Show the certificate that browsers are shown: its names, its fingerprints, and how long it
    is good. Exit code 1 when something is wrong with it."""
    if context.invoked_subcommand is None:
        finish(_show(config_path, state_dir, as_json=as_json))


@tls.command()
@click.option(
    "--authority",
    is_flag=True,
    help="A new authority as well, which every screen has to trust again.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@state_dir_option
def renew(*, authority: bool, yes: bool, config_path: Path | None, state_dir: Path) -> None:
    """Make a new certificate now, or read your own again. Who is connected stays."""
    if authority and not yes:
        click.confirm("Every screen has to trust the new authority. Make one?", abort=True)
    finish(_renew(config_path, state_dir, authority=authority))
