"""config.yaml, read again without a restart."""

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services.reload import Reloaded


class ReloadConfig(msgspec.Struct, frozen=True, kw_only=True):
    pass


@action("reload_config", needs="admin", reply="config_reloaded")
async def reload_config(context: Context, payload: ReloadConfig) -> Reloaded:  # noqa: ARG001
    """Read config.yaml and .env again. Profiles, providers in the cloud, who may come in, and the
    log change at once; what needs a restart is named. The error `config` names every mistake in the
    file, and then nothing has changed."""
    return await context.services.reloading.reload()
