"""What may come over a WebSocket before it is known who sends it: a few small frames, enough to say
so."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.http import WSMessage

from pichat.errors import PiChatError, TooLargeError
from pichat.gateway.door.caller import UnauthenticatedError
from pichat.gateway.incoming import Incoming

FRAMES = 4
FRAME_BYTES = 4096
_HEAD_BYTES = 14  # of a frame, at most


class Stranger:
    """`refuse`: tells the client why, and closes the connection. `known`: it is none any more; or
    again one, with what it had left."""

    def __init__(self, protocol: web.RequestHandler, refuse: Callable[[PiChatError], None]) -> None:
        self._protocol = protocol if isinstance(protocol, Incoming) else None
        self._refuse = refuse
        self._frames = FRAMES
        self._known = True

    @property
    def known(self) -> bool:
        return self._known

    @known.setter
    def known(self, known: bool) -> None:
        if known != self._known and self._protocol is not None:
            # Also of a frame that never ends, which no handler would see.
            most_bytes = None if known else FRAMES * (FRAME_BYTES + _HEAD_BYTES)
            self._protocol.allow(most_bytes, self._too_large)
        self._known = known

    def may_send(self, message: WSMessage) -> bool:
        """Whether a frame is looked at; else it is refused, and the connection closed."""
        self._frames -= 1
        if len(message.data or b"") > FRAME_BYTES:
            self._too_large()
            return False
        if self._frames < 0:
            self._refuse(
                UnauthenticatedError(
                    "Say who you are first, by “authenticate” or “pair”, and then ask."
                )
            )
            return False
        return True

    def _too_large(self) -> None:
        self._refuse(
            TooLargeError(
                f"Until you have said who you are, a frame may have at most {FRAME_BYTES} bytes."
            )
        )
