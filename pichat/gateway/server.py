"""The HTTP server: routes, start and stop."""

import asyncio
import errno
import socket
from functools import partial
from pathlib import Path
from typing import Self

import structlog
from aiohttp import web

from pichat.config.types import Server
from pichat.errors import StartError
from pichat.gateway.actions.system import health_report
from pichat.gateway.door.crowd import Crowd, make_room
from pichat.gateway.door.entrances import CALLER, Entrances
from pichat.gateway.door.pages import Pages
from pichat.gateway.feed import Feed
from pichat.gateway.guards import Guards
from pichat.gateway.hearing import hearing
from pichat.gateway.incoming import Incoming
from pichat.gateway.large import ROOM, Room
from pichat.gateway.listening import Site, bind
from pichat.gateway.mcp_mount import McpMount
from pichat.gateway.metrics import CONTENT_TYPE, Metrics
from pichat.gateway.people import as_known
from pichat.gateway.registry import load_actions
from pichat.gateway.replies import STREAMS, Streams, end_streams, reply
from pichat.gateway.routes import PATIENCE_S, add_routes
from pichat.gateway.services import Services
from pichat.gateway.tls.pages import CertificatePages, secure_only
from pichat.gateway.tls.site import SecureSite
from pichat.gateway.ws import WebSockets

log = structlog.get_logger(__name__)

WEB_ROOT = Path(__file__).parent.parent / "web"
HEADER_TIMEOUT_S = 15.0  # for a header, and for each next piece of a body
UNREAD_PATIENCE_S = 10.0  # for a client that reads nothing of what waits for it


class Gateway:
    """Serves screens while its context lasts; or `start()` and `stop()`. `entrances`: every way in
    over HTTP."""

    def __init__(
        self,
        config: Server,
        services: Services,
        *,
        header_timeout_s: float = HEADER_TIMEOUT_S,
        unread_patience_s: float = UNREAD_PATIENCE_S,
        stop_timeout_s: float = 5.0,
    ) -> None:
        self._config = config
        self._services = services
        self._header_timeout_s = header_timeout_s
        self._unread_patience_s = unread_patience_s
        self._stop_timeout_s = stop_timeout_s
        self._door = services.door
        self._crowd = Crowd(config)
        self.machine = services.door.machine
        self._pages = Pages(config, self.machine.names)
        self._metrics = Metrics(services.house, services.health, lambda: len(self._sockets))
        self._feed = Feed(services.bus, self._metrics.observe, services.screens, hearing(services))
        self._sockets = WebSockets(services, load_actions(), self._feed)
        self._runner = web.AppRunner(
            self._application(), handler_cancellation=True, shutdown_timeout=stop_timeout_s
        )
        self._feeding: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page. After `start()` only."""
        host, port = self._runner.addresses[0][:2]
        if host in ("0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
            host = "127.0.0.1"
        scheme = "http" if self._services.certificates.context is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    @property
    def port(self) -> int:
        """After `start()` only."""
        return int(self._runner.addresses[0][1])

    @property
    def listening(self) -> tuple[str, ...]:
        """The addresses that the port is bound to. After `start()` only."""
        return tuple(str(each[0]) for each in self._runner.addresses)

    def reconfigure(self, config: Server) -> None:
        """Who may come in from now on, and how far. Where it listens stays as it is."""
        self._door.reconfigure(config)
        self._pages.reconfigure(config)
        self._crowd.config = config

    async def start(self) -> None:
        """Listen. Raises StartError in one line when that cannot be."""
        await self._runner.setup()
        self._feeding = asyncio.create_task(self._feed.run(), name="gateway-feed")
        try:
            make_room(self._config.limits.connections)
            where, gone_after_s = self._config, 3 * self._unread_patience_s
            for each in await bind(where.host, where.port, self._crowd, gone_after_s):
                await self._site(each).start()
        except OSError as error:
            await self.stop()
            raise StartError(self._why_not(error)) from error
        self._door.url = self.url
        log.info("gateway started", url=self.url)

    async def stop(self) -> None:
        """Let every client go and close the port, within the deadline. May be called twice."""
        await self._sockets.close(self._stop_timeout_s / 2)
        await self._runner.cleanup()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)
            self._feeding = None

    def _site(self, listening: socket.socket) -> web.BaseSite:
        certificates = self._services.certificates
        if certificates.context is None:
            return Site(self._runner, listening, self._incoming)
        return SecureSite(
            self._runner,
            listening,
            self._incoming,
            lambda: certificates.context,
            self._header_timeout_s,
        )

    def _incoming(self) -> Incoming:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the gateway has stopped")
        return Incoming(
            server,
            loop=asyncio.get_running_loop(),
            header_timeout_s=self._header_timeout_s,
            unread_patience_s=self._unread_patience_s,
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _why_not(self, error: OSError) -> str:
        where = f"{self._config.port} on {self._config.host}"
        if error.errno == errno.EADDRINUSE:
            return (
                f"Port {where} is in use: another PiChat or another program listens there."
                " Stop it, or set server.port in config.yaml."
            )
        # From Python 3.13 on, asyncio tells of an address that is not ours without a number.
        if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, None):
            return (
                f"server.host in config.yaml is “{self._config.host}”: no address of this machine."
            )
        return f"Port {where} cannot be opened: {error.strerror or error}."

    def _application(self) -> web.Application:
        application = web.Application()
        self.entrances = entrances = Entrances(
            application.router, partial(as_known, self._services)
        )
        guards = Guards(self._door, self._pages, self._crowd, entrances)
        application.middlewares.append(guards.middleware())
        if self._services.certificates.context is not None:
            application.middlewares.append(secure_only(self._services.certificates))
        application.on_response_prepare.append(guards.add_headers)
        application[ROOM] = Room()
        application[STREAMS] = Streams(self._unread_patience_s)
        application[PATIENCE_S] = self._header_timeout_s
        application.on_shutdown.append(end_streams)
        # Whoever connects may say who it is in its first message.
        entrances.add("GET", "/ws", self._sockets.handle, needs="anyone")
        entrances.add("GET", "/ws/chat", self._sockets.handle, needs="anyone")
        entrances.add("GET", "/health", self._health, needs="anyone")
        entrances.add("GET", "/metrics", self._show_metrics, needs="agent")
        entrances.add("GET", "/", self._page, needs="anyone")
        entrances.add("GET", "/pair", self._pairing_page, needs="anyone")
        entrances.add("GET", "/docs", self._docs, needs="anyone")
        add_routes(entrances, self._services)
        McpMount(self._services).add(application, entrances)
        CertificatePages(self._services.certificates).add(entrances)
        entrances.add_files("/static/", WEB_ROOT)
        entrances.check()
        return application

    async def _health(self, request: web.Request) -> web.StreamResponse:
        report = health_report(self._services.health)
        # Whoever is not known learns no more than whoever looks whether a light is on.
        told = report if CALLER in request else {"status": report.status}
        return await reply(request, told, 503 if report.status == "failed" else 200)

    async def _show_metrics(self, _: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=self._metrics.text(), headers=headers)

    async def _page(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(WEB_ROOT / "index.html")

    async def _docs(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(WEB_ROOT / "docs.html")

    async def _pairing_page(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(WEB_ROOT / "pair.html")
