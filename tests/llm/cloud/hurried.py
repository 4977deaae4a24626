"""An event loop whose time passes as it does, and can be put on by hand: sockets stay real, and a
pause between two questions takes none."""

from __future__ import annotations

import asyncio


class HurriedLoop(asyncio.SelectorEventLoop):
    ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_s


def put_on(seconds: float) -> None:
    """It is so much later, while nobody waits for a server."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HurriedLoop)
    loop.ahead_s += seconds
