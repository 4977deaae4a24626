from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.support.loops import pytest_asyncio_loop_factories  # noqa: F401  (a hook)


@pytest.fixture(autouse=True)
def _unprinted() -> Iterator[None]:
    """To print the traceback of a defect takes longer than all the rest."""
    with capture_logs():
        yield
