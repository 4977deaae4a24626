"""Every device that has a fixture, replayed: packet in, state out; command in, frame out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pichat.zigbee.arrival.configure import configure, is_configured
from pichat.zigbee.confirm import Confirmation
from pichat.zigbee.definition import DEFINITIONS, find
from tests.zigbee.makers.replay import COORDINATOR, FIXTURES, Replay, Seen, device_of, load

NAMES = sorted(path.name for path in FIXTURES.glob("*.yaml"))


@pytest.fixture
async def app() -> AsyncIterator[Replay]:
    made = Replay()
    yield made
    await made.shutdown(db=False)


@pytest.mark.parametrize("name", NAMES)
async def test_a_device_as_it_speaks(name: str, app: Replay) -> None:
    fixture = load(name)
    device = device_of(app, fixture)
    assert find(fixture.manufacturer, fixture.model) is not None
    seen = Seen(app, device)
    view = seen.view
    async with asyncio.timeout(5):
        assert await configure(view, COORDINATOR, anew=True)
    for wanted in fixture.prepares:
        assert wanted.hex in app.sent(wanted.cluster, wanted.endpoint)
    if fixture.binds is not None:
        assert app.bound() == set(fixture.binds)
    if device.skip_configuration:
        assert app.bound() == set()
        assert all(is_configured(port) for port in view.ports)

    for frame in fixture.frames:
        before, presses = dict(view.state), len(seen.presses)
        seen.play([frame])
        assert before | frame.state == view.state, frame.hex
        assert seen.presses[presses:] == ([frame.press] if frame.press else []), frame.hex
        assert frame.state or frame.press or frame.silent, f"{frame.hex} shows nothing"
    told = view.device()
    assert told.kind == fixture.kind
    assert [one.name for one in told.capabilities] == fixture.capabilities

    for command in fixture.commands:
        app.packets.clear()
        app.after = command.answers
        feature = view.features[command.capability]
        done = await Confirmation(view, feature, 1.0).run(command.value)
        assert feature.converter.matches(command.value, done)
        assert app.sent(command.sends.cluster, command.sends.endpoint)[:1] == [command.sends.hex]
        app.after = []


def test_there_are_twenty_of_them_and_each_definition_has_its_own() -> None:
    fixtures = [load(name) for name in NAMES]
    assert len(fixtures) >= 20
    shown = {id(find(one.manufacturer, one.model)) for one in fixtures}
    missing = {
        one.name for known in DEFINITIONS.values() for one in known.values() if id(one) not in shown
    }
    assert missing == set()
