"""What the actions need of the people of the house."""

from typing import Protocol

from pichat.store.users import Kind, User
from pichat.turn.people import Standing
from pichat.turn.user_changes import SettingsChange, UserChange


class Users(Protocol):
    """Changes are durable, and hold from the next turn on, when these return. They raise
    BadRequestError that names the field, NotAllowedError for what cannot be done to `house` and
    `guest`, and UnavailableError."""

    def all(self) -> tuple[User, ...]: ...

    def get(self, user_id: str) -> User:
        """Raises NotAllowedError for one who is not there any more."""
        ...

    def find(self, wanted: str) -> User:
        """By id, or by name. Raises NotFoundError."""
        ...

    def standing(self, user_id: str) -> Standing:
        """Raises as `get`."""
        ...

    async def create(self, name: str, kind: Kind, change: UserChange) -> User: ...

    async def update(self, user_id: str, change: UserChange) -> User: ...

    async def settle(self, user_id: str, change: SettingsChange, *, anew: bool = False) -> User:
        """Other settings. `anew`: what is left out is as for somebody new."""
        ...

    async def delete(self, user_id: str) -> int:
        """How many conversations went with the person."""
        ...
