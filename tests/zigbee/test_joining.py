"""Devices that join: through whom, with which code, each step, and what becomes of a stuck one.

Real bellows and zigpy on a simulator in its own process."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from pichat.bus import Subscription
from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, DeviceSilentError, NotFoundError
from pichat.events import JoiningChanged, JoinProgress
from pichat.simulator.control import SimulatorClient
from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.install_code import link_key
from pichat.simulator.process import SimulatorProcess
from pichat.zigbee.arrival.install_code import from_code, from_qr
from tests.simulator.host import happening
from tests.zigbee.running import DEADLINE_S, Running, running_hub

CODE = "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5"
PLAIN = CODE.replace(" ", "")
HOUSE = """
devices:
  - {id: relay, name: Relay, area: Hall, kind: plug, ieee: "$01"}
  - {id: far, name: Far, area: Shed, kind: light-on-off, ieee: "$02",
     link: {parent: relay, seeks: false}}
  - {id: coded, name: Coded, area: Hall, kind: light-on-off, ieee: "$03",
     link: {install_code: "$CODE", hears: {coordinator: 200}, seeks: false}}
  - {id: scanned, name: Scanned, area: Hall, kind: light-on-off, ieee: "$04",
     link: {install_code: "$CODE", hears: {coordinator: 200}, seeks: false}}
  - {id: lamp, name: Lamp, area: Hall, kind: light-dimmable, ieee: "$05",
     link: {seeks: false}}
  - {id: stuck, name: Stuck, area: Hall, kind: light-on-off, ieee: "$06",
     link: {seeks: false, interview_stuck_at: active_endpoints}}
  - {id: sensor, name: Sensor, area: Hall, kind: sensor-climate, ieee: "$07",
     link: {seeks: false, interview_stuck_at: node_descriptor}}
  - {id: bulb, name: Bulb, area: Hall, kind: light-on-off, ieee: "$08",
     link: {seeks: false, interview_stuck_at: simple_descriptor}}
  - {id: spot, name: Spot, area: Hall, kind: light-on-off, ieee: "$09",
     link: {seeks: false, interview_stuck_at: model}}
""".replace("$CODE", CODE).replace("$", "00:0d:6f:00:0e:00:00:")


def ieee(number: int) -> str:
    return f"00:0d:6f:00:0e:00:00:{number:02x}"


RELAY, FAR, CODED, SCANNED, LAMP, STUCK, SENSOR, BULB, SPOT = map(ieee, range(1, 10))
Told = JoinProgress | JoiningChanged


class Joins:
    """A hub and its simulator, with what the hub told about joining."""

    def __init__(self, running: Running, sim: SimulatorClient, events: Subscription[Told]) -> None:
        self.running = running
        self.sim = sim
        self.admission = running.parts.admission
        self._events = events

    async def told(self, fits: Callable[[Told], bool]) -> list[Told]:
        """What is told up to the first that fits, that included."""
        seen: list[Told] = []
        async with asyncio.timeout(DEADLINE_S):
            while not (seen and fits(seen[-1])):
                seen.append(await self._events.get())
        return seen

    async def until(self, device_id: str, step: str) -> list[JoinProgress]:
        """What is told about the device up to that step."""
        seen = await self.told(
            lambda one: (
                isinstance(one, JoinProgress) and (one.device_id, one.step) == (device_id, step)
            )
        )
        return [one for one in seen if isinstance(one, JoinProgress) and one.device_id == device_id]

    async def join(self, name: str) -> None:
        await self.sim.request("join", device=name)

    def under_way(self, device_id: str) -> JoinProgress | None:
        found = [one for one in self.admission.under_way() if one.device_id == device_id]
        return found[0] if found else None


@asynccontextmanager
async def joining_house(directory: Path) -> AsyncIterator[Joins]:
    """A network that a plug has joined, and nobody else."""
    house, control = directory / "house.yaml", directory / "control"
    house.write_text(HOUSE)
    async with (
        SimulatorProcess(
            control=control, house=house, state=directory / "stick.json", radio_delay_ms=1, seed=1
        ) as process,
        SimulatorClient(control) as sim,
        running_hub(directory, Zigbee(path=process.path, confirm_timeout_s=2)) as running,
    ):
        kinds: tuple[type[Told], ...] = (JoinProgress, JoiningChanged)
        with running.bus.subscribe(*kinds, maxsize=10_000) as events:
            await running.until_status("ok")
            joins = Joins(running, sim, events)
            if not running.hub.devices():
                await joins.admission.permit(60)
                await joins.until(RELAY, "ready")
                await joins.admission.permit(0)
            yield joins


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def joins(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Joins]:
    async with joining_house(tmp_path_factory.mktemp("joining")) as joins:
        yield joins


module_loop = pytest.mark.asyncio(loop_scope="module")


@module_loop
async def test_each_step_is_told_in_order(joins: Joins) -> None:
    opened = await joins.admission.permit(60)
    assert opened == joins.admission.state()
    assert opened.open_until_s == pytest.approx(time.time() + 60, abs=5)
    await joins.join("lamp")
    told = await joins.until(LAMP, "ready")
    steps = [one.step for one in told]
    assert steps == sorted(steps, key=["joined", "interviewing", "setting_up", "ready"].index)
    details = [one.detail for one in told if one.step == "interviewing"]
    assert details == ["node descriptor", "endpoints", "endpoint 1 of 1", "maker and model"]
    clusters = [one.detail for one in told if one.step == "setting_up"]
    assert clusters == [f"cluster {n} of {len(clusters)}" for n in range(1, len(clusters) + 1)]
    assert told[-1].device is not None
    assert told[-1].device == joins.running.hub.devices()[-1]
    assert joins.under_way(LAMP) is None


@module_loop
async def test_it_closes_early_and_by_itself(joins: Joins) -> None:
    await joins.admission.permit(60)
    assert await joins.admission.permit(0) == JoiningChanged()
    with pytest.raises(SimulatorError, match="not permitted"):
        await joins.join("stuck")
    opened = await joins.admission.permit(1)
    await joins.told(lambda one: one == opened)
    await joins.told(lambda one: one == JoiningChanged())
    assert (await joins.sim.status())["joining"] is False


@module_loop
async def test_through_one_router_only(joins: Joins) -> None:
    await joins.admission.permit(60)
    opened = await joins.admission.permit(60, via=RELAY)
    assert opened.via == RELAY
    with pytest.raises(SimulatorError, match="not permitted"):
        await joins.join("scanned")  # which hears the stick alone
    await joins.join("far")
    await joins.until(FAR, "ready")
    assert await joins.running.hub.set(FAR, "on_off", True) is True
    await joins.sim.device("relay", deaf=True)
    with pytest.raises(DeviceSilentError, match="nothing can join there"):
        await joins.admission.permit(60, via=RELAY)
    await joins.sim.device("relay", deaf=False)
    with pytest.raises(NotFoundError):
        await joins.admission.permit(60, via=SENSOR)
    await joins.admission.permit(0)
    assert (await joins.sim.status())["joining"] is False


@module_loop
async def test_with_an_install_code(joins: Joins) -> None:
    await joins.admission.permit(60)
    with pytest.raises(SimulatorError, match="does not know its install code"):
        await joins.join("coded")
    opened = await joins.admission.permit(60, device_id=CODED, install_code=CODE)
    assert opened.device_id == CODED
    await joins.join("coded")
    await joins.until(CODED, "ready")
    opened = await joins.admission.permit(60, qr=f"Z:{SCANNED.replace(':', '')}$I:{PLAIN}")
    assert opened.device_id == SCANNED
    await joins.join("scanned")
    await joins.until(SCANNED, "ready")
    # Those without a code are let in again afterwards.
    await joins.admission.permit(60)
    await joins.join("lamp")
    await joins.until(LAMP, "ready")


@module_loop
async def test_codes_that_cannot_be(joins: Joins) -> None:
    permit = joins.admission.permit
    before = joins.admission.state()
    with pytest.raises(BadRequestError, match="needs the device's address"):
        await permit(60, install_code=CODE)
    with pytest.raises(BadRequestError, match="needs the device's address: 16"):
        await permit(60, device_id="12", install_code=CODE)
    with pytest.raises(BadRequestError, match="through whom they like"):
        await permit(60, device_id=CODED, install_code=CODE, via=RELAY)
    assert joins.admission.state() == before


@module_loop
async def test_a_stuck_one_is_freed_by_hand_or_given_up(joins: Joins) -> None:
    await joins.admission.permit(60)
    await joins.join("stuck")
    await joins.until(STUCK, "interviewing")
    progress = joins.under_way(STUCK)
    assert progress is not None
    assert progress.detail == "node descriptor"
    await joins.sim.device("stuck", interview_stuck_at=None)
    assert joins.admission.retry(STUCK).step == "interviewing"
    await joins.until(STUCK, "ready")
    with pytest.raises(NotFoundError):
        joins.admission.retry(STUCK)
    with pytest.raises(NotFoundError):
        await joins.admission.forget(STUCK)  # finished ones are removed

    await joins.join("bulb")
    await joins.until(BULB, "interviewing")
    async with happening(joins.sim, event="left", device="bulb"):
        await joins.admission.forget(BULB)
    [gone] = (await joins.until(BULB, "gone"))[-1:]
    assert gone.reason == "It was removed."
    # What it said until it had left has been heard by the time that another answers.
    await joins.running.hub.read(RELAY, "on_off")
    assert joins.under_way(BULB) is None
    with pytest.raises(NotFoundError):
        joins.admission.retry(BULB)


@module_loop
async def test_one_that_leaves_meanwhile_is_gone(joins: Joins) -> None:
    await joins.admission.permit(60)
    await joins.join("spot")
    await joins.told(lambda one: isinstance(one, JoinProgress) and one.detail == "maker and model")
    await joins.sim.request("leave", device="spot")
    [gone] = (await joins.until(SPOT, "gone"))[-1:]
    assert gone.reason == "It has left the network again."
    assert joins.under_way(SPOT) is None


@module_loop
async def test_one_that_was_reset_keeps_its_name_and_gets_its_reports_again(joins: Joins) -> None:
    hub, sim = joins.running.hub, joins.sim
    await hub.rename(RELAY, "coffee plug", "Kitchen")
    await hub.mark(RELAY, True)
    await joins.admission.permit(60)
    before = (await sim.get("relay"))["address"]
    await sim.request("join", device="relay")
    told = await joins.until(RELAY, "ready")
    assert [one.step for one in told][:2] == ["joined", "setting_up"]
    after = await sim.get("relay")
    assert after["address"] != before
    assert after["reporting"]
    plug = joins.running.device("coffee plug")
    assert (plug.id, plug.area, plug.confirm) == (RELAY, "Kitchen", True)
    on = not plug.state["on_off"]
    await sim.set("relay", on=on)
    await joins.running.until(lambda: joins.running.device("coffee plug").state["on_off"] is on)
    # It comes back by itself with another address, and stays what it was.
    await sim.request("rejoin", device="relay", new_address=True)
    await joins.until(RELAY, "ready")
    assert await hub.set(RELAY, "on_off", not on) is (not on)
    assert joins.running.device("coffee plug").confirm is True


@pytest.mark.long
async def test_those_that_stay_stuck_are_told_tried_again_and_outlive_a_restart(
    tmp_path: Path,
) -> None:
    stages = {
        "sensor": (SENSOR, "node descriptor"),
        "stuck": (STUCK, "endpoints"),
        "bulb": (BULB, "endpoint 1 of 1"),
        "spot": (SPOT, "maker and model"),
    }
    async with joining_house(tmp_path) as joins:
        await joins.admission.permit(200)
        for name in stages:
            await joins.join(name)
        failed: dict[str, JoinProgress] = {}
        while len(failed) < len(stages):
            last = (await joins.told(lambda one: getattr(one, "step", "") == "failed"))[-1]
            assert isinstance(last, JoinProgress)
            failed[last.device_id] = last
        for device_id, stage in stages.values():
            assert failed[device_id].detail == stage
            assert stage in str(failed[device_id].reason)
        assert "press its button" in str(failed[SENSOR].reason)
        assert "press its button" not in str(failed[SPOT].reason)
        assert len(joins.running.hub.devices()) == 1
        await joins.sim.device("bulb", interview_stuck_at=None)
        await joins.until(BULB, "ready")  # by itself
        await joins.sim.device("spot", interview_stuck_at=None)
        await joins.sim.request("announce", device="spot")
        await joins.until(SPOT, "ready")
    async with joining_house(tmp_path) as joins:
        found = {one.device_id: one for one in joins.admission.under_way()}
        assert found.keys() == {SENSOR, STUCK}
        await joins.sim.device("stuck", interview_stuck_at=None)
        await joins.until(STUCK, "ready")
        await joins.admission.forget(SENSOR)
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "{ieee}|{code}",
        "Z:{ieee}$I:{code}",
        "Z:{ieee}$I:{code}$S:12",
        "G$M:69775$S:680S00003915$D:0000000017B2335C%Z$A:{ieee}$I:{code}",
        "RB01SG0D831015AE8F28{pad}{ieee}DLK{code}",
        "RB01SG0D831015AE8F28{pad}{ieee}DLK{key}",
        "HUE:Z:{code} M:{ieee} D:L3B A:1184",
        "  Z:{ieee}$I:{code}\n",
    ],
)
def test_every_form_of_qr_text(text: str) -> None:
    key = link_key(CODE)
    filled = text.format(
        ieee=CODED.replace(":", "").upper(), code=PLAIN, key=key.hex().upper(), pad="0" * 20
    )
    address, found = from_qr(filled)
    assert (str(address), found.serialize()) == (CODED, key)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B6", "checksum does not fit"),
        ("83FED3", "this has 3"),
        ("xyz", "only the digits"),
    ],
)
def test_what_no_install_code_is(code: str, reason: str) -> None:
    with pytest.raises(BadRequestError, match=reason):
        from_code(CODED, code)


def test_what_no_qr_text_is() -> None:
    with pytest.raises(BadRequestError, match="no form that is known"):
        from_qr("https://example.com")
    with pytest.raises(BadRequestError, match="checksum"):
        from_qr(f"Z:{CODED.replace(':', '')}$I:{PLAIN[:-1]}6")


def test_a_code_may_be_typed_as_it_is_printed() -> None:
    for code in (CODE, CODE.replace(" ", "-"), PLAIN.lower()):
        address, key = from_code("000D6F000E000003", code)
        assert (str(address), key.serialize()) == (CODED, link_key(CODE))
