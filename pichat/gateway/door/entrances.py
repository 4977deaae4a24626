"""Every way in over HTTP, each with the scope that it needs."""

from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from pichat.gateway.door.caller import Caller, Need, admit

CALLER = web.RequestKey("caller", Caller)
"""Who sent a request; absent while nobody knows."""
KNOWN = web.RequestKey("known", Caller)
"""The same, with no more than its person may; absent as well where anyone may come in."""


class Entrances:
    """Wraps a router. `known`: the caller with no more than its person may. `needs`: by method and
    path."""

    def __init__(
        self, router: web.UrlDispatcher, known: Callable[[Caller], Caller] = lambda caller: caller
    ) -> None:
        self._router = router
        self._known = known
        self.needs: dict[tuple[str, str], Need] = {}

    def add(self, method: str, path: str, handler: Handler, *, needs: Need) -> None:
        """Serve it to whoever reaches `needs`."""

        async def serve(request: web.Request) -> web.StreamResponse:
            if needs != "anyone":
                self._admit(request, needs)
            return await handler(request)

        self._router.add_route(method, path, serve)
        self.needs[method, path] = needs

    def _admit(self, request: web.Request, needs: Need) -> None:
        caller = request.get(CALLER)
        if caller is not None:
            request[KNOWN] = caller = self._known(caller)
        admit(caller, needs)

    def add_files(self, prefix: str, folder: Path) -> None:
        """Files that are the same for everyone."""
        self._router.add_static(prefix, folder)
        self.needs["GET", prefix.rstrip("/")] = "anyone"

    def check(self) -> None:
        """Raises RuntimeError for a route that came in another way, and declares nothing."""
        for resource in self._router.resources():
            for each in resource:
                method = "GET" if each.method == "HEAD" else each.method
                if (method, resource.canonical) not in self.needs:
                    raise RuntimeError(f"{each.method} {resource.canonical} declares no scope")
