"""The frozen values that flow through the daemon, and over the wire to the screens."""

from __future__ import annotations

from pichat.events.house import (
    ButtonPressed,
    Capability,
    Colour,
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceGroup,
    DeviceRemoved,
    GroupsChanged,
    JoiningChanged,
    JoinProgress,
    JoinStep,
    Kind,
    NetworkProgress,
    Scene,
    ScenesChanged,
    State,
    WaitingEnded,
)
from pichat.events.screens import (
    ClientSettingsChanged,
    PairingChanged,
    PairingState,
    PartHealth,
    PartStatus,
    ProfilesChanged,
    ScreenCommand,
    ScreenSeen,
    Shown,
    SuggestionsChanged,
    UsersChanged,
)
from pichat.events.tools import (
    LONG_TRANSITION_S,
    Answered,
    DeviceOutcome,
    Image,
    InputAsked,
    InputEnded,
    McpServersChanged,
    Question,
    Source,
    ToolCall,
    ToolResult,
    ToolsChanged,
)
from pichat.events.turns import (
    Said,
    Terms,
    Tokens,
    Tried,
    TurnEvent,
    TurnFinished,
    TurnProgress,
    TurnStarted,
    TurnText,
    TurnTool,
    Utterance,
)
from pichat.events.voice import (
    LOCAL_STATION,
    AnswerHeard,
    Milestone,
    Transcript,
    VoiceChanged,
    VoiceHeard,
    VoiceState,
    WakeScored,
)

Event = (
    DeviceAdded
    | DeviceChanged
    | DeviceRemoved
    | ButtonPressed
    | JoinProgress
    | JoiningChanged
    | WaitingEnded
    | GroupsChanged
    | ScenesChanged
    | NetworkProgress
    | TurnStarted
    | TurnTool
    | TurnProgress
    | TurnText
    | TurnFinished
    | VoiceChanged
    | Transcript
    | VoiceHeard
    | WakeScored
    | AnswerHeard
    | PartHealth
    | Question
    | Answered
    | InputAsked
    | InputEnded
    | ScreenCommand
    | ProfilesChanged
    | PairingChanged
    | ClientSettingsChanged
    | SuggestionsChanged
    | UsersChanged
    | McpServersChanged
    | ToolsChanged
)

__all__ = [
    "LOCAL_STATION",
    "LONG_TRANSITION_S",
    "AnswerHeard",
    "Answered",
    "ButtonPressed",
    "Capability",
    "ClientSettingsChanged",
    "Colour",
    "Device",
    "DeviceAdded",
    "DeviceChanged",
    "DeviceGroup",
    "DeviceOutcome",
    "DeviceRemoved",
    "Event",
    "GroupsChanged",
    "Image",
    "InputAsked",
    "InputEnded",
    "JoinProgress",
    "JoinStep",
    "JoiningChanged",
    "Kind",
    "McpServersChanged",
    "Milestone",
    "NetworkProgress",
    "PairingChanged",
    "PairingState",
    "PartHealth",
    "PartStatus",
    "ProfilesChanged",
    "Question",
    "Said",
    "Scene",
    "ScenesChanged",
    "ScreenCommand",
    "ScreenSeen",
    "Shown",
    "Source",
    "State",
    "SuggestionsChanged",
    "Terms",
    "Tokens",
    "ToolCall",
    "ToolResult",
    "ToolsChanged",
    "Transcript",
    "Tried",
    "TurnEvent",
    "TurnFinished",
    "TurnProgress",
    "TurnStarted",
    "TurnText",
    "TurnTool",
    "UsersChanged",
    "Utterance",
    "VoiceChanged",
    "VoiceHeard",
    "VoiceState",
    "WaitingEnded",
    "WakeScored",
]
