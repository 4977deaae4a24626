"""What the actions need of the daemon. The application hands the real parts in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pichat.bus import Bus
from pichat.gateway.door.door import Door
from pichat.gateway.services.agents import Agents
from pichat.gateway.services.certificates import Certificates, NoCertificates
from pichat.gateway.services.clients import Clients
from pichat.gateway.services.house import House, Joining, LockCodes
from pichat.gateway.services.mcp import (
    Discovery,
    McpServers,
    Preferring,
    RemoteCalls,
    RemoteTools,
    ToolSwitches,
)
from pichat.gateway.services.models import Models
from pichat.gateway.services.network import Backups, NetworkCare
from pichat.gateway.services.people import Users
from pichat.gateway.services.reload import Reloading
from pichat.gateway.services.repairs import Repairs
from pichat.gateway.services.screens import Screens
from pichat.gateway.services.suggestions import Suggestions
from pichat.gateway.services.talk import (
    Clips,
    Conversations,
    Images,
    Profiles,
    Runs,
    Tools,
    Turns,
    Voice,
)
from pichat.gateway.services.together import Groups, Scenes
from pichat.gateway.services.uploads import Uploads
from pichat.gateway.services.voices import PlainVoice, Voices
from pichat.gateway.sessions.sessions import Sessions
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.images import nobody_draws
from pichat.mcp.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Services:
    turns: Turns
    tools: Tools
    house: House
    joining: Joining
    voice: Voice
    clips: Clips
    runs: Runs
    profiles: Profiles
    users: Users
    conversations: Conversations
    backups: Backups
    repairs: Repairs
    network: NetworkCare
    lock_codes: LockCodes
    groups: Groups
    scenes: Scenes
    clients: Clients
    models: Models
    suggestions: Suggestions
    uploads: Uploads
    mcp_servers: McpServers
    remote_tools: RemoteTools
    remote_calls: RemoteCalls
    tool_switches: ToolSwitches
    preferring: Preferring
    discovery: Discovery
    reloading: Reloading
    screens: Screens
    sessions: Sessions
    door: Door
    bus: Bus
    health: Health
    images: Images = field(default_factory=nobody_draws)
    certificates: Certificates = field(default_factory=NoCertificates)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    voices: Voices = field(default_factory=PlainVoice)
    agents: Agents = field(default_factory=Agents)
    inputs: Inputs = field(default_factory=lambda: Inputs(Bus()))
