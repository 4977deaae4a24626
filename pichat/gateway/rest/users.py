"""People over HTTP: the same as the actions."""

from pichat.gateway.actions.users import (
    CreateUser,
    DeletedUser,
    GetUsers,
    NamedUser,
    OneUser,
    UpdateUser,
    UsersList,
    add_user,
    change_user,
    list_users,
    remove_user,
    show_user,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


@route("GET", "/api/users", needs="screen")
async def get_users(call: Call, payload: GetUsers) -> UsersList:  # noqa: ARG001
    """List the people of the house and what each may."""
    return list_users(call.services)


@route("POST", "/api/users", needs="admin", status=201, example={"name": "Mia", "kind": "child"})
async def post_user(call: Call, payload: CreateUser) -> OneUser:
    """Add a person."""
    return await add_user(call.services, payload)


@route("GET", "/api/users/{user}", needs="screen")
async def get_user(call: Call, payload: NamedUser) -> OneUser:
    """Show one person, by id or name."""
    return show_user(call.services, payload)


@route("PATCH", "/api/users/{user}", needs="admin", example={"may_use_cloud": False})
async def patch_user(call: Call, payload: UpdateUser) -> OneUser:
    """Change what a person is called, or may."""
    return await change_user(call.services, payload)


@route("DELETE", "/api/users/{user}", needs="admin")
async def delete_user(call: Call, payload: NamedUser) -> DeletedUser:
    """Somebody moves out: their conversations are deleted, and their screens are not let in any
    more."""
    return await remove_user(call.services, payload)
