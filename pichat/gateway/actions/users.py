"""The people of the house: who they are, and what each may."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.store.users import Kind, User
from pichat.turn.user_changes import Name, UserChange
from pichat.turn.users import terms_of

Person = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetUsers(msgspec.Struct, frozen=True, kw_only=True):
    pass


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """`profile`: who answers this person, null for whoever is active. `tools`: patterns of those
    that may be used for the person, null for all. `created_at`: UTC; null for `house` (nobody in
    particular) and `guest` (any visitor), who are always there."""

    id: str
    name: str
    kind: Kind
    profile: str | None
    tools: tuple[str, ...] | None
    may_use_cloud: bool
    created_at: datetime | None


class UsersList(msgspec.Struct, frozen=True, kw_only=True):
    users: tuple[UserView, ...]


class CreateUser(UserChange, frozen=True, kw_only=True):
    """`kind`: `adult`, `child` or `guest`. Of a child and a guest, the tools only look and switch
    what nobody has to be asked for, and nothing goes to the cloud, unless `tools` (patterns, null
    for all) and `may_use_cloud` say otherwise. `profile`: who answers."""

    name: Name
    kind: Kind = "adult"


class UpdateUser(UserChange, frozen=True, kw_only=True):
    """`user`: by id or name. What is left out stays as it is, but another `kind` of person is on
    that kind's terms. `profile: null` takes whoever is active, `tools: null` permits all."""

    user: Person


class NamedUser(msgspec.Struct, frozen=True, kw_only=True):
    """By id or name."""

    user: Person


class OneUser(msgspec.Struct, frozen=True, kw_only=True):
    user: UserView


class DeletedUser(msgspec.Struct, frozen=True, kw_only=True):
    """`conversations`: how many went with the person. `message` says what was done."""

    id: str
    name: str
    conversations: int
    message: str


def list_users(services: Services) -> UsersList:
    return UsersList(users=tuple(map(view_of, services.users.all())))


def show_user(services: Services, payload: NamedUser) -> OneUser:
    return OneUser(user=view_of(services.users.find(payload.user)))


async def add_user(services: Services, payload: CreateUser) -> OneUser:
    created = await services.users.create(payload.name, payload.kind, payload)
    return OneUser(user=view_of(created))


async def change_user(services: Services, payload: UpdateUser) -> OneUser:
    user = services.users.find(payload.user)
    return OneUser(user=view_of(await services.users.update(user.id, payload)))


async def remove_user(services: Services, payload: NamedUser) -> DeletedUser:
    user = services.users.find(payload.user)
    screens = sum(token.user_id == user.id for token in services.door.tokens.all())
    conversations = await services.users.delete(user.id)
    await services.door.tokens.reload()
    with_them = f"{conversations} conversation{'s' * (conversations != 1)}"
    if screens:
        with_them += f", and {screens} token{'s' * (screens != 1)} that let them in"
    message = f"“{user.name}” is gone, and with them {with_them}."
    return DeletedUser(id=user.id, name=user.name, conversations=conversations, message=message)


@action("get_users", needs="screen", reply="users_list")
def get_users(context: Context, payload: GetUsers) -> UsersList:  # noqa: ARG001
    """List the people of the house and what each may. Subscribers of `profiles` are told of every
    change as `users_changed`."""
    return list_users(context.services)


@action(
    "create_user",
    needs="admin",
    reply="user_created",
    example={"name": "Mia", "kind": "child", "profile": "default"},
)
async def create_user(context: Context, payload: CreateUser) -> OneUser:
    """Add a person, who then has conversations and settings of their own, and to whom a screen can
    belong."""
    return await add_user(context.services, payload)


@action(
    "update_user",
    needs="admin",
    reply="user_updated",
    example={"user": "guest", "tools": ["get_*", "set_device_state"]},
)
async def update_user(context: Context, payload: UpdateUser) -> OneUser:
    """Change what a person is called, or may, from the next turn on."""
    return await change_user(context.services, payload)


@action("delete_user", needs="admin", reply="user_deleted", example={"user": "Mia"})
async def delete_user(context: Context, payload: NamedUser) -> DeletedUser:
    """Somebody moves out: their conversations are deleted, and their screens are not let in any
    more."""
    return await remove_user(context.services, payload)


def view_of(user: User) -> UserView:
    terms = terms_of(user)
    return UserView(
        id=user.id,
        name=user.name,
        kind=user.kind,
        profile=user.profile,
        tools=terms.tools,
        may_use_cloud=terms.may_use_cloud,
        created_at=datetime.fromtimestamp(user.created_s, UTC) if user.created_s else None,
    )
