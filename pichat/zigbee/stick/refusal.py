"""A stick that does not fit what PiChat knows: why it is not used, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from pichat.errors import UnavailableError

if TYPE_CHECKING:
    from zigpy.backups import NetworkBackup

Choice = Literal["restore", "adopt", "start_afresh"]

MEANINGS: dict[Choice, str] = {
    "restore": (
        "PiChat writes its own network, as it was last, onto the stick that is plugged in. What the"
        " stick holds now is lost. The devices stay and need not join again. A stick that had this"
        " network before must not be plugged in anywhere again, or the two disturb each other."
    ),
    "adopt": (
        "PiChat takes the network that the stick holds. The devices that it knows now are"
        " forgotten, unless it is their network; those of the stick's network have to join again."
        " A device that joins again gets its old name and room."
    ),
    "start_afresh": (
        "The stick gets a new network. The one that it holds is lost, and PiChat forgets all"
        " devices: each has to be reset and to join again. It then gets its old name and room."
    ),
}
"""What each repair does, for the owner to read before."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    choices: tuple[Choice, ...]


class RefusedStickError(UnavailableError):
    """The stick works, and is not used until its owner has chosen."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason} {_ways(refusal.choices)}")
        self.refusal = refusal


def _ways(choices: tuple[Choice, ...]) -> str:
    names = [choice.replace("_", "-") for choice in choices]
    listed = f"{', '.join(names[:-1])} or {names[-1]}"
    return (
        f"Plug the right stick in, or repair it with `pichat zigbee repair`, which explains:"
        f" {listed}."
    )


def same_network(one: NetworkBackup, other: NetworkBackup) -> bool:
    """Whether devices of the one are at home in the other. Its channel and its number may change
    while it runs; its key and its extended number do not."""
    a, b = one.network_info, other.network_info
    return a.network_key.key == b.network_key.key and a.extended_pan_id == b.extended_pan_id


def judge(stick: str, held: NetworkBackup, known: NetworkBackup) -> Refusal | None:
    """None when the stick holds the network that is known, under the known address."""
    choices: tuple[Choice, ...] = ("restore", "adopt", "start_afresh")
    same_stick = held.node_info.ieee == known.node_info.ieee
    if not same_network(held, known):
        what = "" if same_stick else ", and is another stick"
        return Refusal(
            reason=f"{stick} holds another network than the one PiChat knows{what}, so it is not"
            " used.",
            choices=choices,
        )
    if same_stick:
        return None
    return Refusal(
        reason=(
            f"{stick} holds the network that PiChat knows under another address:"
            f" {held.node_info.ieee}, and not {known.node_info.ieee}. It is a copy or was changed,"
            " so it is not used."
        ),
        choices=choices,
    )


def empty_stick(stick: str) -> Refusal:
    """Another stick than the known one, without a network."""
    return Refusal(
        reason=f"{stick} is new: it holds no network, and is not the stick that PiChat knows.",
        choices=("restore", "start_afresh"),
    )
