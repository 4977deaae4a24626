"""A configuration that is read again, or has a mistake."""

from pichat.gateway.services.reload import Reloaded


class FakeReloading:
    def __init__(self) -> None:
        self.error: Exception | None = None

    async def reload(self) -> Reloaded:
        if self.error is not None:
            raise self.error
        return Reloaded(applied=("profiles.kids",), needs_restart=("server.port",))
