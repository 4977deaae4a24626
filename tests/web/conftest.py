import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest

from tests.gateway.fakes import World, running_world

T = TypeVar("T")


class Served:
    """A running world in a thread of its own, beside which a browser can be driven."""

    def __init__(self, **options: Any) -> None:
        """`options`: of `running_world`."""
        self.world: World
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._ready: Future[None] = Future()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        async with running_world(**self._options) as self.world:
            self._ready.set_result(None)
            await self._over.wait()

    def start(self) -> None:
        self._thread.start()
        self._ready.result(timeout=10)

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of it, on the world's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def do(self, change: Callable[[World], object]) -> None:
        """Change something in the house, on its own thread."""
        self._loop.call_soon_threadsafe(change, self.world)

    def stop(self) -> None:
        """May be called twice."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(timeout=10)


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    served.start()
    yield served
    served.stop()
