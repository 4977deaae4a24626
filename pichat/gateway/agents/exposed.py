"""The actions of the gateway that other programs may use, too; what is not here, they may not."""

from pichat.gateway.agents.served import expose
from pichat.gateway.registry import load_actions

_ACTIONS = load_actions()

# --- reading ---------------------------------------------------------------------------------

expose(_ACTIONS["get_devices"], "list_devices", needs="agent", changes=False)
expose(_ACTIONS["get_scenes"], "list_scenes", needs="agent", changes=False)
expose(_ACTIONS["get_groups"], "list_groups", needs="agent", changes=False)
expose(_ACTIONS["get_health"], needs="agent", changes=False)
expose(_ACTIONS["get_models"], "list_models", changes=False)
expose(
    _ACTIONS["get_profiles"],
    "list_profiles",
    needs="agent",
    description="""List the profiles: who answers, each with its model parameters, voice and tools,
    and which of them is active.""",
    changes=False,
)
expose(_ACTIONS["get_users"], "list_users", changes=False)
expose(_ACTIONS["get_settings"], needs="screen", changes=False)
expose(_ACTIONS["get_conversations"], "list_conversations", needs="screen", changes=False)
expose(_ACTIONS["get_messages"], needs="screen", changes=False)

# --- arranging the house ---------------------------------------------------------------------

expose(
    _ACTIONS["update_device"],
    description="Give a device another name, or put it in another room (null: in none).",
    again=True,
    # Who could say that nobody has to be asked would not have to ask.
    without=("confirm",),
)
expose(_ACTIONS["create_scene"])
expose(_ACTIONS["update_scene"], again=True)
expose(_ACTIONS["delete_scene"], destroys=True)
expose(_ACTIONS["create_group"])
expose(_ACTIONS["update_group"], again=True)
expose(_ACTIONS["delete_group"], destroys=True)

# --- who answers, and for whom ---------------------------------------------------------------

expose(_ACTIONS["create_profile"])
expose(_ACTIONS["update_profile"], again=True)
expose(_ACTIONS["delete_profile"], destroys=True)
expose(_ACTIONS["activate_profile"], again=True)
expose(_ACTIONS["create_user"])
expose(_ACTIONS["update_user"], again=True)
expose(_ACTIONS["delete_user"], destroys=True)
expose(_ACTIONS["update_settings"], needs="screen", again=True)
expose(_ACTIONS["update_conversation"], needs="screen", again=True)
expose(_ACTIONS["delete_conversation"], needs="screen", destroys=True)
