"""Sticks by what USB tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.config.types import FlowControl, Radio, Zigbee
from pichat.errors import UnavailableError
from pichat.zigbee.stick.choose import advice, presence, settle
from pichat.zigbee.stick.sticks import identify, likelihood
from tests.zigbee.plugged import Machine

CP210X, CH340, CH9102, FTDI = (0x10C4, 0xEA60), (0x1A86, 0x7523), (0x1A86, 0x55D4), (0x0403, 0x6015)


@pytest.mark.parametrize(
    ("usb", "maker", "product", "interface", "name", "radio", "baud", "flow"),
    [
        (CH9102, "ITEAD", "SONOFF Zigbee 3.0 USB Dongle Plus V2", 0,
         "Sonoff ZBDongle-E", "ezsp", 115200, "software"),
        (CP210X, "Itead", "Sonoff Zigbee 3.0 USB Dongle Plus V2", 0,
         "Sonoff ZBDongle-E", "ezsp", 115200, "software"),
        (CP210X, "Silicon Labs", "Sonoff Zigbee 3.0 USB Dongle Plus", 0,
         "Sonoff ZBDongle-P", "znp", 115200, "none"),
        (CP210X, "SONOFF", "SONOFF Dongle Max MG24", 0,
         "Sonoff Dongle Max MG24", "ezsp", 115200, "software"),
        (CP210X, "Nabu Casa", "SkyConnect v1.0", 0,
         "Home Assistant SkyConnect", "ezsp", 115200, "hardware"),
        (CP210X, "Nabu Casa", "Home Assistant Connect ZBT-1", 0,
         "Home Assistant Connect ZBT-1", "ezsp", 115200, "hardware"),
        ((0x303A, 0x4001), "Nabu Casa", "ZBT-2", 0,
         "Home Assistant Connect ZBT-2", "ezsp", 460800, "hardware"),
        (CP210X, "SMLIGHT", "SMLIGHT SLZB-07", 0, "SMLIGHT SLZB-07", "ezsp", 115200, "software"),
        (CP210X, "SMLIGHT", "SMLIGHT SLZB-07p7", 0,
         "SMLIGHT SLZB-06P/07P", "znp", 115200, "none"),
        (CP210X, "SMLIGHT", "SLZB-06M", 0, "SMLIGHT SLZB-06M", "ezsp", 115200, "software"),
        ((0x10C4, 0x8A2A), "Silicon Labs", "HubZ Smart Home Controller", 1,
         "Nortek HUSBZB-1", "ezsp", 57600, "software"),
        ((0x1CF1, 0x0030), "dresden elektronik", "ConBee II", 0,
         "ConBee II", "deconz", 38400, "none"),
        (FTDI, "dresden elektronik", "ConBee III", 0, "ConBee III", "deconz", 115200, "none"),
        ((0x0451, 0xBEF3), "Texas Instruments", "XDS110", 0,
         "Texas Instruments LaunchPad", "znp", 115200, "none"),
        (CH340, "electrolama", "zig-a-zig-ah!", 0, "Electrolama zzh", "znp", 115200, "none"),
    ],
)  # fmt: skip
def test_a_known_stick(
    tmp_path: Path,
    usb: tuple[int, int],
    maker: str,
    product: str,
    interface: int,
    name: str,
    radio: Radio,
    baud: int,
    flow: FlowControl,
) -> None:
    machine = Machine(tmp_path)
    path = machine.plug("ttyUSB0", usb, maker, product, interface=interface)
    [port] = machine.ports.all()
    stick = identify(port)
    assert stick is not None
    assert (stick.name, stick.radio) == (name, radio)
    assert (stick.baud_rate, stick.flow_control) == (baud, flow)
    settled = settle(Zigbee(path="auto"), machine.ports)
    assert settled == Zigbee(path=path, radio=radio, baud_rate=baud, flow_control=flow)


def test_a_bare_bridge_is_never_claimed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug("ttyUSB0", CP210X, "Silicon Labs", "CP2102N USB to UART Bridge Controller")
    machine.plug(
        "ttyUSB1", (0x10C4, 0x8A2A), "Silicon Labs", "HubZ", interface=0
    )  # the Z-Wave half
    machine.plug("ttyAMA0", None)
    machine.plug("ttyACM0", (0x2341, 0x0043), "Arduino", "Uno")
    found = {port.device[-4:]: likelihood(port) for port in machine.ports.all()}
    assert found == {"USB0": "possible", "USB1": "no", "AMA0": "possible", "ACM0": "no"}
    with pytest.raises(UnavailableError) as told:
        settle(Zigbee(path="auto"), machine.ports)
    assert "CP2102N" in told.value.sentence
    assert "detect --probe" in told.value.sentence


def test_which_one_is_asked_when_there_are_several(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with pytest.raises(UnavailableError, match=r"^No Zigbee stick is plugged in"):
        settle(Zigbee(path="auto"), machine.ports)
    by_id = "usb-Nabu_Casa_SkyConnect_v1.0_0001-if00-port0"
    machine.plug("ttyUSB0", CP210X, "Nabu Casa", "SkyConnect v1.0", by_id=by_id)
    assert settle(Zigbee(path="auto"), machine.ports).path.endswith(by_id)
    machine.plug("ttyACM0", (0x1CF1, 0x0030), "dresden elektronik", "ConBee II")
    with pytest.raises(UnavailableError) as told:
        settle(Zigbee(path="auto"), machine.ports)
    assert "Home Assistant SkyConnect (" in told.value.sentence
    assert "ConBee II (" in told.value.sentence
    assert "Set zigbee.path" in told.value.sentence


def test_what_the_owner_says_counts_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    path = machine.plug("ttyUSB0", CP210X, "Nabu Casa", "SkyConnect v1.0")
    settled = settle(Zigbee(path=path, baud_rate=460800), machine.ports)
    assert (settled.radio, settled.baud_rate, settled.flow_control) == ("ezsp", 460800, "hardware")
    other = settle(Zigbee(path=path, radio="znp"), machine.ports)
    assert (other.radio, other.baud_rate, other.flow_control) == ("znp", 115200, "software")
    abroad = settle(Zigbee(path="socket://192.0.2.1:6638"), machine.ports)
    assert (abroad.radio, abroad.baud_rate) == ("ezsp", 115200)


def test_a_stick_that_comes_goes_or_is_another_one_is_noticed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    auto = Zigbee(path="auto")
    nothing = presence(auto, machine.ports)
    path = machine.plug("ttyUSB0", CP210X, "Nabu Casa", "SkyConnect v1.0")
    first = presence(auto, machine.ports)
    assert first != nothing
    fixed = Zigbee(path=path)
    there = presence(fixed, machine.ports)
    (tmp_path / "another").touch()  # while this one is there: files get numbers that are free
    machine.unplug("ttyUSB0")
    assert presence(auto, machine.ports) != first
    assert presence(fixed, machine.ports) is None
    (tmp_path / "another").rename(path)
    assert presence(fixed, machine.ports) not in (None, there)


def test_a_name_that_lasts_is_recommended(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    by_id = "usb-ITEAD_SONOFF_Zigbee_3.0_USB_Dongle_Plus_V2_0001-if00"
    assert advice(Zigbee(path="/dev/ttyUSB7"), machine.ports) is None
    machine.plug("ttyACM0", CH9102, "ITEAD", "SONOFF Zigbee 3.0 USB Dongle Plus V2", by_id=by_id)
    hint = advice(Zigbee(path="/dev/ttyUSB7"), machine.ports) or ""
    assert hint.startswith("There is: Sonoff ZBDongle-E (")
    assert by_id in hint
