"""The protocol's own tests, from npm: against the house itself, and, where they want tools of their
own, against a house that has just these. `scripts/setup --all` installs them under
`build/conformance`.

Left out are those of what PiChat does not do: logs to clients, sampling and elicitation (it asks
people on their screens), audio and embedded resources in results, binary resources, streams that
are closed early to be polled, and schemas with keywords that none of its tools has.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from pichat.errors import NotFoundError
from pichat.gateway.door.caller import THIS_MACHINE, Caller
from pichat.gateway.door.entrances import CALLER, Entrances
from pichat.gateway.mcp_mount import McpMount
from pichat.gateway.replies import STREAMS, Streams
from pichat.gateway.routes import PATIENCE_S
from pichat.mcp.server.base import (
    Call,
    Done,
    Picture,
    Progress,
    ServedArgument,
    ServedPrompt,
    ServedResource,
    ServedTool,
)
from tests.gateway.fakes import World, running_world

pytestmark = pytest.mark.long
INSTALLED = Path(__file__).parents[3] / "build" / "conformance" / "node_modules"
PATIENCE = 60.0
OF_THE_HOUSE = (
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "completion-complete",
    "dns-rebinding-protection",
    "server-sse-multiple-streams",
)
OF_FIXTURES = (
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-error",
    "tools-call-with-progress",
    "resources-read-text",
    "resources-templates-read",
    "resources-subscribe",
    "resources-unsubscribe",
    "prompts-get-simple",
    "prompts-get-with-args",
)
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)


class Fixtures:
    """A house (see mcp.server.base.House) with what the tests ask for."""

    def tools(self, who: Caller) -> Sequence[ServedTool]:
        names = ("simple_text", "image_content", "error_handling", "tool_with_progress")
        empty: dict[str, Any] = {"type": "object", "properties": {}}
        return [
            ServedTool(name=f"test_{each}", title=each, description=each, takes=empty)
            for each in names
        ]

    async def call(self, who: Caller, call: Call, progress: Progress) -> Done:
        match call.name:
            case "test_simple_text":
                return Done(text="This is a simple text response for testing.")
            case "test_image_content":
                picture = Picture(media_type="image/png", data=DOT)
                return Done(text="A dot.", pictures=(picture,))
            case "test_tool_with_progress":
                for done in (0, 50, 100):
                    await progress(done, 100, f"{done} of 100")
                return Done(text="done")
        return Done(text="This tool intentionally returns an error for testing", failed=True)

    def resources(self, who: Caller) -> Sequence[ServedResource]:
        return [
            ServedResource(uri=f"test://{each}", name=each, title=each, description=each)
            for each in ("static-text", "watched-resource")
        ]

    def templates(self, who: Caller) -> Sequence[ServedResource]:
        uri = "test://template/{id}/data"
        return [ServedResource(uri=uri, name="data", title="data", description="data")]

    async def read(self, who: Caller, uri: str) -> Any:
        if uri.startswith("test://template/"):
            return {"id": uri.split("/")[3], "templateTest": True}
        return "This is the content of the static text resource."

    async def may_follow(self, who: Caller, uri: str) -> bool:
        return uri == "test://watched-resource"

    def prompts(self, who: Caller) -> Sequence[ServedPrompt]:
        arguments = tuple(
            ServedArgument(name=each, description=each, required=True) for each in ("arg1", "arg2")
        )
        return [
            ServedPrompt(name="test_simple_prompt", title="simple", description="simple"),
            ServedPrompt(
                name="test_prompt_with_arguments",
                title="with arguments",
                description="with arguments",
                arguments=arguments,
            ),
        ]

    def prompt(self, who: Caller, name: str, arguments: dict[str, str]) -> str:
        if name == "test_simple_prompt":
            return "This is a simple prompt for testing."
        if not arguments:
            raise NotFoundError("No arguments.")
        return f"Prompt with arguments: {arguments}"

    def complete(
        self,
        who: Caller,
        kind: Literal["prompt", "resource"],
        name: str,
        argument: str,
    ) -> Sequence[str]:
        return ()


@asynccontextmanager
async def fixtures(world: World) -> AsyncIterator[str]:
    """The address of that house, which is mounted as the other."""

    @web.middleware
    async def known(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[CALLER] = THIS_MACHINE
        return await handler(request)

    application = web.Application(middlewares=[known])
    application[STREAMS] = Streams(PATIENCE)
    application[PATIENCE_S] = PATIENCE
    entrances = Entrances(application.router)
    McpMount(world.gateway._services, Fixtures()).add(application, entrances)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def passes(url: str, scenario: str) -> None:
    if not INSTALLED.is_dir():
        pytest.fail("the protocol's own tests are not installed: run scripts/setup --all")
    process = await asyncio.create_subprocess_exec(
        str(INSTALLED / ".bin" / "node"),
        str(INSTALLED / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"),
        *("server", "--url", f"{url}/mcp", "--scenario", scenario),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = out.decode(errors="replace")
    assert process.returncode == 0, f"{scenario}:\n{text}"
    assert " 0 failed, 0 warnings" in text, f"{scenario}:\n{text}"
    assert "Passed: 0/0" not in text, scenario


async def test_the_house_is_as_the_protocol_has_it() -> None:
    async with running_world() as world:
        for scenario in OF_THE_HOUSE:
            await passes(world.url, scenario)


async def test_what_is_served_arrives_as_the_protocol_has_it() -> None:
    async with running_world() as world, fixtures(world) as url:
        for scenario in OF_FIXTURES:
            await passes(url, scenario)
