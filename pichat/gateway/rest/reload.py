"""config.yaml over HTTP."""

from pichat.gateway.actions.reload import ReloadConfig
from pichat.gateway.calls import Call
from pichat.gateway.routes import route
from pichat.gateway.services.reload import Reloaded


@route("POST", "/api/reload", needs="admin")
async def post_reload(call: Call, payload: ReloadConfig) -> Reloaded:  # noqa: ARG001
    """Read config.yaml again: what holds now, and what needs a restart."""
    return await call.services.reloading.reload()
