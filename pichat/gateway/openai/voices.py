"""Whose voice a client means."""

import re
from typing import Literal

from msgspec import structs

from pichat.config.types import Style
from pichat.errors import BadRequestError
from pichat.gateway.services import Services
from pichat.store.users import VoiceSettings
from pichat.turn.user_changes import style_of as preferring

# OpenAI's own voices, which its clients offer: PiChat's of the same kind.
_OPENAIS: dict[str, Literal["female", "male"] | None] = {
    "alloy": None,
    "ash": "male",
    "ballad": "male",
    "cedar": "male",
    "coral": "female",
    "echo": "male",
    "fable": "male",
    "marin": "female",
    "nova": "female",
    "onyx": "male",
    "sage": "female",
    "shimmer": "female",
    "verse": "male",
}
_GENDERS: dict[str, Literal["female", "male"]] = {
    "female": "female",
    "woman": "female",
    "male": "male",
    "man": "male",
}
_LONGEST_ACCENT = 40
_LOWEST_RATE, _HIGHEST_RATE = 0.5, 2.0


def style_of(services: Services, voice: str, speed: float) -> Style:
    """`voice`: a profile, an installed Piper voice, one of OpenAI's names, or words such as
    `female`, `british`, `female-scottish`; "" for the active profile's. Raises BadRequestError."""
    style = _style(services, voice.strip())
    rate = style.rate * speed
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise BadRequestError(
            f"PiChat speaks from {_LOWEST_RATE} to {_HIGHEST_RATE} times as fast as usual;"
            f" “speed” {speed:g} is beyond that."
        )
    return structs.replace(style, rate=rate)


def _style(services: Services, voice: str) -> Style:
    active = services.voices.of_profile("")
    if voice in ("", "pichat"):
        return active
    if voice in services.profiles.names():
        return services.voices.of_profile(voice)
    if (path := services.voices.installed(voice.removeprefix("piper:"))) is not None:
        return structs.replace(active, piper_voice=path)
    if voice.startswith("piper:"):
        raise BadRequestError(f"There is no Piper voice “{voice[:64]}” installed.")
    name = voice.lower()
    if name in _OPENAIS:
        return preferring(VoiceSettings(gender=_OPENAIS[name]), active)
    words = [word for word in re.split(r"[\s_-]+", name) if word]
    gender = next((_GENDERS[word] for word in words if word in _GENDERS), None)
    accent = " ".join(word for word in words if word not in _GENDERS) or None
    if accent is not None and (len(accent) > _LONGEST_ACCENT or not accent.isprintable()):
        raise BadRequestError("“voice” has to be a name or words such as “female british”.")
    return preferring(VoiceSettings(gender=gender, accent=accent), active)
