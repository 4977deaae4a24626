"""The people of the house as they are now."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Self

from msgspec import UNSET, structs

from pichat.bus import Bus
from pichat.config.describe import suggestion
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError
from pichat.events import Terms, UsersChanged
from pichat.store.conversations import Conversations
from pichat.store.db import Database, uninterrupted
from pichat.store.users import Kind, PersonalSettings, User, UserTable
from pichat.turn.people import Standing
from pichat.turn.user_changes import (
    AUTO,
    House,
    SettingsChange,
    UserChange,
    changed,
    readable,
    settled,
)

HOUSE, GUEST = "house", "guest"
_ALWAYS = frozenset({HOUSE, GUEST})
_MOST_USERS = 100

HARMLESS_TOOLS = (
    "get_device_state",
    "get_house_state",
    "get_time",
    "get_date",
    "find_devices",
    "list_rooms",
    "set_device_state",
    "activate_scene",
    "show_on_screen",
)
"""What children and visitors may use, unless the owner says otherwise: looking, and switching what
nobody has to be asked for."""

_TERMS: dict[Kind, Terms] = {
    "adult": Terms(),
    "child": Terms(tools=HARMLESS_TOOLS, may_use_cloud=False),
    "guest": Terms(tools=HARMLESS_TOOLS, may_use_cloud=False),
}


class Users:
    """Implements people.People. Changes are checked whole, on the disk, and there for the next turn
    before they are told of. `house` is whoever is no person in particular, `guest` any visitor;
    both are always there."""

    def __init__(
        self,
        table: UserTable,
        users: list[User],
        conversations: Conversations,
        house: House,
        bus: Bus,
    ) -> None:
        self._table = table
        self._conversations = conversations
        self._bus = bus
        self._changing = asyncio.Lock()
        self._users = {user.id: user for user in users}
        self._standings = {user.id: _standing(user) for user in users}
        self.house = house

    @classmethod
    async def load(
        cls, database: Database, conversations: Conversations, house: House, bus: Bus
    ) -> Self:
        """What `house` knows may come later than this."""
        table = UserTable(database)
        return cls(table, await table.all(), conversations, house, bus)

    # --- reading ---------------------------------------------------------------------------

    def all(self) -> tuple[User, ...]:
        """Oldest first."""
        return tuple(self._users.values())

    def get(self, user_id: str) -> User:
        """Raises NotAllowedError for one who is not there any more."""
        found = self._users.get(user_id)
        if found is None:
            raise NotAllowedError("That person does not live in this house any more.")
        return found

    def find(self, wanted: str) -> User:
        """By id, or by name. Raises NotFoundError."""
        folded = wanted.strip().casefold()
        for user in self._users.values():
            if wanted == user.id or folded == user.name.casefold():
                return user
        names = [user.name for user in self._users.values()]
        short = wanted[:64]
        raise NotFoundError(f"There is nobody called “{short}”.{suggestion(short, names)}")

    def standing(self, user_id: str) -> Standing:
        """See People. A model that is not in the config any more is not asked; it may come back."""
        found = self._standings.get(user_id) or _standing(self.get(user_id))
        model = found.terms.model
        if model is None or model.partition(":")[0] in self.house.models():
            return found
        return structs.replace(found, terms=structs.replace(found.terms, model=None))

    # --- changing --------------------------------------------------------------------------

    async def create(self, name: str, kind: Kind, change: UserChange) -> User:
        """Raises BadRequestError that names the field, and UnavailableError when it cannot be
        kept."""
        new = User(id=uuid.uuid4().hex[:16], name=readable(name), kind=kind, created_s=time.time())
        async with self._changing:
            self._check_name(new)
            if len(self._users) >= _MOST_USERS:
                raise BadRequestError(f"There are {_MOST_USERS} people, which is the most.")
            return await self._keep(changed(new, change, self.house))

    async def update(self, user_id: str, change: UserChange) -> User:
        """Raises as `create`, and NotAllowedError for what cannot be changed of `house` and
        `guest`."""
        async with self._changing:
            user = self.get(user_id)
            if user_id in _ALWAYS and change.kind not in (UNSET, user.kind):
                raise NotAllowedError(f"“{user.name}” is always of the kind {user.kind}.")
            new = changed(user, change, self.house)
            self._check_name(new)
            return await self._keep(new)

    async def settle(self, user_id: str, change: SettingsChange, *, anew: bool = False) -> User:
        """Other settings. `anew`: what is left out is as for somebody new. Raises as `create`."""
        async with self._changing:
            user = self.get(user_id)
            if anew:
                profile = user.profile if change.profile is UNSET else None
                user = structs.replace(user, settings=PersonalSettings(), profile=profile)
            return await self._keep(settled(user, change, self.house))

    async def delete(self, user_id: str) -> int:
        """Somebody moves out, and everything that was said with them goes; how many conversations
        that were. Raises NotAllowedError for `house` and `guest`, and UnavailableError."""
        if user_id in _ALWAYS:
            raise NotAllowedError(f"“{self.get(user_id).name}” stands for nobody in particular.")
        gone: list[int] = []
        async with self._changing:
            self.get(user_id)
            await uninterrupted(self._forget(user_id, gone.append))
        return sum(gone)

    async def _forget(self, user_id: str, tell: Callable[[int], None]) -> None:
        # First whom nobody may speak for any more, so that nothing new is said meanwhile.
        user = self._users.pop(user_id)
        self._standings.pop(user_id)
        try:
            await self._table.forget(user_id)
        except BaseException:
            self._took(user)
            raise
        tell(await self._conversations.delete_all_of(user_id))
        self._bus.publish(UsersChanged(user_id=user_id, gone=True))

    def _check_name(self, user: User) -> None:
        for other in self._users.values():
            same = user.name.casefold() in (other.name.casefold(), other.id)
            if same and other.id != user.id:
                raise BadRequestError(
                    f"The field “name”: somebody is called “{other.name}” already."
                )

    async def _keep(self, user: User) -> User:
        # What is on the disk holds, also when the screen that asked for it has gone.
        await uninterrupted(self._save(user))
        return user

    async def _save(self, user: User) -> None:
        await self._table.save(user)
        self._took(user)
        self._bus.publish(UsersChanged(user_id=user.id))

    def _took(self, user: User) -> None:
        self._users[user.id] = user
        self._standings[user.id] = _standing(user)


def _standing(user: User) -> Standing:
    terms, settings = terms_of(user), user.settings
    model = None if settings.selected_model == AUTO else settings.selected_model
    return Standing(
        terms=structs.replace(terms, model=model),
        profile=user.profile,
        language=settings.language,
        trusted=user.kind == "adult",
        kept=user.kind != "guest",
    )


def terms_of(user: User) -> Terms:
    """What the person may: as its kind has it, where the owner did not say otherwise."""
    usual, own = _TERMS[user.kind], user.terms
    return structs.replace(
        usual,
        tools=usual.tools if own.tools is UNSET else own.tools,
        may_use_cloud=usual.may_use_cloud if own.may_use_cloud is UNSET else own.may_use_cloud,
    )
