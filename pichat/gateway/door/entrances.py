"""Every way in over HTTP, each with the scope that it needs."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from pichat.gateway.door.caller import Caller, Need, admit

CALLER = web.RequestKey("caller", Caller)
"""Who sent a request; absent while nobody knows."""


class Entrances:
    """Wraps a router. `needs`: by method and path."""

    def __init__(self, router: web.UrlDispatcher) -> None:
        self._router = router
        self.needs: dict[tuple[str, str], Need] = {}

    def add(self, method: str, path: str, handler: Handler, *, needs: Need) -> None:
        """Serve it to whoever reaches `needs`."""

        async def serve(request: web.Request) -> web.StreamResponse:
            admit(request.get(CALLER), needs)
            return await handler(request)

        self._router.add_route(method, path, serve)
        self.needs[method, path] = needs

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
