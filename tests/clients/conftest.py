from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.loops import pytest_asyncio_loop_factories  # noqa: F401  (a hook)

API_TOKEN = "of-the-seeds-" + "0123456789" * 3


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DaemonProcess]:
    """One for all, with the simulated house and neither a model nor a sound card."""
    server = {"port": 0, "api_token": API_TOKEN}
    directory = tmp_path_factory.mktemp("clients")
    async with running_daemon(directory, server=server) as running:
        yield running
