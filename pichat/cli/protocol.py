"""`pichat protocol`: what screens and programs can ask of the daemon, without one."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json", "openapi"]),
    default="markdown",
    show_default=True,
    help="Text to read, everything as JSON with a JSON schema, or the REST side as OpenAPI 3.1.",
)
def protocol(form: str) -> None:
    """Print the protocol: every action, event, route and error, with its fields and examples."""
    if form == "markdown":
        from pichat.gateway.describe.markdown import markdown

        click.echo(markdown())
        return
    from pichat.gateway.describe.openapi import openapi_json
    from pichat.gateway.describe.schema import protocol_json

    click.echo(protocol_json() if form == "json" else openapi_json())
