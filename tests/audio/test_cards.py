"""Which device a name means, on listings as the kernel and PortAudio write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pichat.audio.cards import Card, owner, read_cards
from pichat.audio.devices import candidates
from pichat.errors import UnavailableError

CARDS = """\
 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 1 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 2 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics Inc. USB PnP Sound Device at usb-0000:01:00.0-1.3
12 [seeed2micvoicec]: seeed2micvoicec - seeed2micvoicec
                      seeed2micvoicec
"""
PCM = """\
00-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
01-00: bcm2835 Headphones : bcm2835 Headphones : playback 8
02-00: USB Audio : USB Audio : playback 1 : capture 1
12-00: 3f203000.i2s-wm8960-hifi wm8960-hifi-0 : 3f203000.i2s-wm8960-hifi : playback 1 : capture 1
"""


@pytest.fixture
def asound(tmp_path: Path) -> Path:
    (tmp_path / "cards").write_text(CARDS)
    (tmp_path / "pcm").write_text(PCM)
    return tmp_path


def entry(name: str, inputs: int, outputs: int, index: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "index": index,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": 44_100.0,
    }


LISTED = [
    entry("vc4-hdmi-0: MAI PCM i2s-hifi-0 (hw:0,0)", 0, 2),
    entry("bcm2835 Headphones: - (hw:1,0)", 0, 8),
    entry("USB PnP Sound Device: Audio (hw:2,0)", 1, 2),
    entry("seeed2micvoicec: 3f203000.i2s-wm8960-hifi wm8960-hifi-0 (hw:12,0)", 2, 2),
    entry("sysdefault", 128, 128),
    entry("default", 32, 32),
]
SERVERS = [entry("pulse", 32, 32), entry("pipewire", 64, 64)]


def test_the_kernels_list(asound: Path) -> None:
    cards = read_cards(asound)
    assert [card.id for card in cards] == ["vc4hdmi0", "Headphones", "Device", "seeed2micvoicec"]
    assert cards[2] == Card(2, "Device", "USB PnP Sound Device", (0,), (0,))
    assert (cards[0].captures, cards[0].plays) == ((), (0,))
    assert cards[3].index == 12


def test_no_alsa_and_no_cards_are_no_cards(tmp_path: Path) -> None:
    assert read_cards(tmp_path) == []
    (tmp_path / "cards").write_text("--- no soundcards ---\n")
    assert read_cards(tmp_path) == []


def names(asound: Path, *choice: Any, listed: list[dict[str, Any]] = LISTED) -> list[str]:
    return [
        one.entry["name"] if one.entry else f"taken: {one.name}"
        for one in candidates(listed, read_cards(asound), *choice)
    ]


def test_default_is_the_first_card_of_that_side(asound: Path) -> None:
    assert names(asound, "microphone", "default", "alsa") == [LISTED[2]["name"]]
    assert names(asound, "speaker", "default", "alsa") == [LISTED[0]["name"]]


def test_the_card_that_was_taken_first_is_taken_again(asound: Path) -> None:
    chosen = names(asound, "microphone", "default", "alsa", "seeed2micvoicec")
    assert chosen == [LISTED[3]["name"]]
    assert names(asound, "microphone", "default", "alsa", "gone") == [LISTED[2]["name"]]


@pytest.mark.parametrize("name", ["USB PnP", "usb pnp sound device", "Device", "device"])
def test_a_card_is_called_by_its_id_or_name(asound: Path, name: str) -> None:
    assert names(asound, "microphone", name, "alsa") == [LISTED[2]["name"]]


def test_a_name_stays_when_the_index_moves(asound: Path) -> None:
    (asound / "cards").write_text(CARDS.replace(" 2 [Dev", " 3 [Dev"))
    (asound / "pcm").write_text(PCM.replace("02-00", "03-00"))
    moved = [entry("USB PnP Sound Device: Audio (hw:3,0)", 1, 2), *LISTED[3:]]
    assert names(asound, "microphone", "USB PnP", "alsa", listed=moved) == [moved[0]["name"]]


def test_the_sound_server_helps_where_a_card_is_taken(asound: Path) -> None:
    without = [one for one in LISTED if "(hw:2," not in one["name"]]
    chosen = names(asound, "microphone", "default", "alsa", listed=without + SERVERS)
    assert chosen == ["taken: USB PnP Sound Device", "pipewire", "pulse"]


def test_the_sound_server_when_it_is_asked_for(asound: Path) -> None:
    chosen = names(asound, "speaker", "default", "pulse", listed=LISTED + SERVERS)
    assert chosen == ["pipewire", "pulse"]


def test_without_cards_it_is_portaudios_default(tmp_path: Path) -> None:
    listed = LISTED[4:] + SERVERS
    assert names(tmp_path, "microphone", "default", "alsa", listed=listed) == ["default"]
    assert names(tmp_path, "microphone", "sysd", "alsa", listed=listed) == ["sysdefault"]
    with pytest.raises(UnavailableError, match=r"^No microphone is connected\.$"):
        names(tmp_path, "microphone", "default", "alsa", listed=[])


def test_an_unknown_name_tells_the_cards(asound: Path) -> None:
    with pytest.raises(UnavailableError) as told:
        names(asound, "microphone", "studio", "alsa")
    assert str(told.value) == (
        "No microphone is called “studio”; there is “USB PnP Sound Device”, “seeed2micvoicec”,"
        " “sysdefault”, “default”."
    )


def test_who_has_a_card(asound: Path) -> None:
    usb = read_cards(asound)[2]
    status = asound / "card2" / "pcm0c" / "sub0" / "status"
    status.parent.mkdir(parents=True)
    status.write_text("closed\n")
    assert owner(usb, "microphone", asound) is None
    status.write_text(f"state: RUNNING\nowner_pid   : {os.getpid()}\ntrigger_time: 1.2\n")
    assert owner(usb, "microphone", asound) == Path("/proc/self/comm").read_text().strip()
    status.write_text("state: RUNNING\nowner_pid   : 4194305\n")
    assert owner(usb, "microphone", asound) == "process 4194305"
    assert owner(usb, "speaker", asound) is None
