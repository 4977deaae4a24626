import pytest

from pichat.gateway.wire import binary_frame, text_frame
from tests.gateway.fakes import World
from tests.gateway.screen import connect


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_is_as_the_standard_has_it(length: int, head: bytes) -> None:
    payload = b"x" * length
    assert text_frame(payload) == head + payload
    assert binary_frame(payload) == b"\x82" + head[1:] + payload


async def test_a_lost_connection_leaves_nothing(world: World) -> None:
    async with connect(world.url) as lost:
        await lost.still_there()
        (connection,) = world.gateway._sockets._connections
        lost.transport.abort()
        async with connect(world.url) as other:
            while len(world.gateway._sockets) > 1:
                await other.still_there()
        assert connection._socket.closed
        assert connection._socket._heartbeat_cb is None


async def test_nothing_is_written_behind_the_end(world: World) -> None:
    async with connect(world.url) as leaving:
        await leaving.ask("subscribe", {"topics": ["devices"]})
        (connection,) = world.gateway._sockets._connections
        await leaving.socket.close()
        world.house.report(world.house.devices()[0].id, on_off=True)
        connection.post(text_frame(b"{}"))
        assert connection not in world.gateway._feed._listeners
        assert leaving.socket.exception() is None
        assert leaving.socket.close_code == 1000
