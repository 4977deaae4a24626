"""What the action `repair_network` needs of the hub."""

from typing import Protocol

from pichat.zigbee.stick.refusal import Choice, Refusal


class Repairs(Protocol):
    """A Zigbee stick that does not fit what PiChat knows."""

    @property
    def refusal(self) -> Refusal | None:
        """Why it is not used, and what can be done."""
        ...

    async def repair(self, choice: Choice, *, allow_new_address: bool = False) -> None:
        """Do it. Raises BadRequestError when there is nothing to repair in that way,
        UnsupportedError when the stick would have to keep its own address, UnavailableError."""
        ...
