"""What the actions need of the daemon. The application hands the real parts in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pichat.audio.base import SoundSink
from pichat.bus import Bus
from pichat.config.types import Style
from pichat.events import (
    Device,
    JoiningChanged,
    JoinProgress,
    Question,
    Source,
    ToolCall,
    ToolResult,
    TurnEvent,
    Utterance,
    VoiceChanged,
)
from pichat.gateway.repairs import Repairs
from pichat.gateway.together import Groups, Scenes
from pichat.health import Health
from pichat.llm.images import ImageMaker, nobody_draws
from pichat.store.conversations import Page
from pichat.store.find import Conversation
from pichat.tts.base import Speech
from pichat.turn.clips import Written
from pichat.turn.profiles import ProfileView
from pichat.turn.run import Run
from pichat.zigbee.backup.listing import StoredBackup
from pichat.zigbee.backup.plan import RestorePlan
from pichat.zigbee.backup.restoring import Restored
from pichat.zigbee.care.firmware_types import FirmwareState
from pichat.zigbee.care.types import (
    AttributeValue,
    Bindings,
    ChannelPlan,
    EnergyScan,
    Neighbours,
    NetworkMap,
    NetworkStatus,
    Reporting,
)
from pichat.zigbee.lock_codes import CodesOfLock


class Turns(Protocol):
    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        """The turn's events, `TurnStarted` first, `TurnFinished` last. Raises PiChatError when it
        cannot run at all. Closing the iterator ends the turn."""
        ...


class Tools(Protocol):
    async def call(self, call: ToolCall, *, source: Source, turn_id: str) -> ToolResult:
        """The only door to the house. Where a person has to say yes first, nothing is done and the
        result has the question. Raises PiChatError when nothing could be tried."""
        ...

    async def confirm(
        self, question_id: str, *, yes: bool, source: Source, turn_id: str
    ) -> ToolResult:
        """Answer a question: what came of its call. Raises NotFoundError when it is not open any
        more, and what `call` raises."""
        ...

    def open_questions(self) -> tuple[Question, ...]:
        """What waits for an answer, oldest first."""
        ...


class House(Protocol):
    def devices(self) -> tuple[Device, ...]: ...

    async def rename(self, device_id: str, *, name: str, area: str | None) -> Device:
        """The device under its new name and in its new room. Raises NotFoundError and
        BadRequestError."""
        ...

    async def mark(self, device_id: str, confirm: bool) -> Device:
        """Whether a person has to say yes before it opens, unlocks or heats. Raises NotFoundError
        and UnavailableError."""
        ...

    async def cancel_waiting(self, device_id: str, capability: str | None = None) -> Device:
        """The device, which will not be told any more what waits until it wakes; None: nothing of
        it. Raises NotFoundError, also when nothing waits, and UnavailableError."""
        ...


class Joining(Protocol):
    """Devices that join. Raise UnavailableError while the radio is away."""

    async def permit(
        self,
        duration_s: int,
        *,
        via: str | None = None,
        device_id: str | None = None,
        install_code: str | None = None,
        qr: str | None = None,
    ) -> JoiningChanged:
        """Let devices join for that long, at most 254 s; 0 ends it. Raises NotFoundError and
        UnsupportedError for a `via` that is not there or relays for nobody, DeviceSilentError for
        one that does not answer, BadRequestError for a code that cannot be."""
        ...

    def state(self) -> JoiningChanged: ...

    def under_way(self) -> tuple[JoinProgress, ...]:
        """Devices that are joining, and those that joined and never told what they are."""
        ...

    def retry(self, device_id: str) -> JoinProgress:
        """Ask such a device again, also while it is asked. Raises NotFoundError."""
        ...

    async def forget(self, device_id: str) -> None:
        """Send such a device away. Raises NotFoundError."""
        ...


class Voice(Protocol):
    @property
    def state(self) -> VoiceChanged: ...

    async def hear(self, frames: AsyncIterator[bytes]) -> None:
        """Take in sound as if the microphone had heard it: int16 little-endian mono at 16 kHz, in
        pieces of any length. Returns when it has been listened to. Raises UnavailableError when
        there is no voice loop, BusyError when somebody else is feeding it."""
        ...

    def mute(self, muted: bool) -> None:
        """Do not listen to the microphone of this machine, or do again."""
        ...

    def interrupt(self) -> None:
        """Be silent. Harmless when nothing is being said."""
        ...

    def listen(self) -> None:
        """Begin a turn without the wake word. Raises UnavailableError when it is deaf."""
        ...

    def screen(
        self,
        name: str,
        speaker: SoundSink,
        *,
        area: str | None,
        wake_word: bool,
        cancels_echo: bool,
    ) -> AbstractAsyncContextManager["ScreenStation"]:
        """A microphone and speaker elsewhere, with ears of its own. Without `wake_word` a turn
        begins at once. Raises UnavailableError, and BusyError when too many listen."""
        ...


class ScreenStation(Protocol):
    async def hear(self, frames: AsyncIterator[bytes], pace: None) -> None:
        """Take in live sound, as `Voice.hear` does."""
        ...


class Clips(Protocol):
    """Speech that is no conversation. Raise UnavailableError."""

    async def to_text(self, pcm: bytes) -> Written:
        """What is said in 16 kHz mono int16 sound."""
        ...

    def to_speech(
        self, text: str, language: str | None, style: Style
    ) -> AbstractAsyncContextManager[Speech]:
        """`text` aloud. Leaving the context ends the work."""
        ...


class Images(Protocol):
    """Who can draw pictures."""

    def maker(self, name: str | None) -> ImageMaker:
        """The one of that name, or the first that may be used. Raises UnsupportedError that says
        why there is none, and NotFoundError."""
        ...


class Runs(Protocol):
    """The last spoken runs."""

    def newest(self, limit: int) -> tuple[Run, ...]:
        """Newest first, near misses among them."""
        ...

    def sound(self, turn_id: str) -> bytes:
        """A run's sound, 16 kHz mono int16. Raises NotFoundError that says why there is none."""
        ...


class Profiles(Protocol):
    """Changes are durable, and hold from the next turn on, when these return. They raise
    BadRequestError that names every setting that does not fit, NotFoundError, and
    UnavailableError."""

    @property
    def active(self) -> str: ...

    def names(self) -> tuple[str, ...]: ...

    def wake_words(self) -> Mapping[str, str | None]:
        """Whom each wake word calls; None: whoever is active."""
        ...

    def view(self, name: str) -> ProfileView: ...

    def views(self) -> tuple[ProfileView, ...]: ...

    async def create(
        self, name: str, settings: Mapping[str, Any], wake_words: Sequence[str] | None = None
    ) -> ProfileView: ...

    async def update(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        reset: Sequence[str] = (),
        wake_words: Sequence[str] | None = None,
    ) -> ProfileView:
        """Settings nested or by dotted names; those of `reset` are taken back before."""
        ...

    async def delete(self, name: str) -> bool:
        """Whether it is gone; one of config.yaml only loses what was changed of it."""
        ...

    async def activate(self, name: str) -> ProfileView: ...


class Conversations(Protocol):
    """What was said. Raise NotFoundError for ids that are not there, and UnavailableError when a
    change cannot be kept."""

    async def newest(
        self, *, query: str = "", before: str | None = None, limit: int = 50
    ) -> tuple[Conversation, ...]: ...

    async def get(self, conversation_id: str) -> Conversation: ...

    async def create(self, title: str, profile: str) -> Conversation: ...

    async def update(
        self, conversation_id: str, *, title: str | None = None, profile: str | None = None
    ) -> Conversation: ...

    async def delete(self, conversation_id: str) -> None: ...

    async def messages(
        self,
        conversation_id: str,
        *,
        before: str | None = None,
        limit: int = 50,
        images: bool = False,
    ) -> Page:
        """Oldest first; none when nothing was said under that id."""
        ...

    async def delete_message(self, message_id: str) -> None: ...


class Backups(Protocol):
    """The network, the devices and what people said of them, in files. Raise UnavailableError;
    `content` is a whole file, which `what` names in sentences, and BadRequestError says that it is
    damaged."""

    async def list(self) -> tuple[StoredBackup, ...]:
        """Newest first."""
        ...

    async def create(self) -> StoredBackup:
        """One of now. Raises NotFoundError when there was never a network."""
        ...

    def path(self, name: str) -> Path: ...

    async def read(self, name: str) -> bytes:
        """Raises NotFoundError."""
        ...

    async def plan(self, content: bytes, what: str) -> RestorePlan:
        """What restoring would do. Nothing is done."""
        ...

    async def restore(self, content: bytes, what: str, *, allow_new_eui64: bool) -> Restored:
        """Raises UnsupportedError when the stick cannot take over the old one's address and may
        not keep its own."""
        ...


class LockCodes(Protocol):
    """What locks hold, without the codes themselves."""

    async def read(self, device_id: str) -> CodesOfLock:
        """Asks the lock. Raises NotFoundError, UnsupportedError, DeviceSilentError and
        UnavailableError."""
        ...


class NetworkCare(Protocol):
    """Looking at the network. Devices are named by id or name, clusters and attributes by number or
    name. Raise UnavailableError while the radio is away; NotFoundError, UnsupportedError and
    DeviceSilentError where one device is asked."""

    def network(self) -> NetworkStatus: ...

    async def scan_map(self) -> NetworkMap:
        """Ask all routers; one that does not answer is shown as such. Raises BusyError."""
        ...

    async def neighbours(self, device: str) -> Neighbours: ...

    async def scan_energy(self) -> EnergyScan:
        """Raises BusyError."""
        ...

    def plan_channel(self, channel: int) -> ChannelPlan:
        """What a change would mean. Raises BadRequestError."""
        ...

    async def firmware(self, device: str) -> FirmwareState: ...

    async def offer_firmware(self, image: bytes) -> str:
        """Keep an image for one update; its id. Raises BadRequestError for what is none."""
        ...

    async def bindings(self, device: str) -> Bindings: ...

    async def reporting(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str,
        *,
        endpoint: int | None = None,
    ) -> Reporting: ...

    async def read_attributes(
        self,
        device: str,
        cluster: int | str,
        attribute: int | str | None,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> tuple[AttributeValue, ...]:
        """One, or all that the device has of the cluster."""
        ...

    def diagnostics(self) -> dict[str, Any]:
        """As JSON values, without a key; also while the radio is away."""
        ...


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
    conversations: Conversations
    backups: Backups
    repairs: Repairs
    network: NetworkCare
    lock_codes: LockCodes
    groups: Groups
    scenes: Scenes
    bus: Bus
    health: Health
    images: Images = field(default_factory=nobody_draws)
