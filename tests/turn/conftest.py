from tests.support.loops import pytest_asyncio_loop_factories  # noqa: F401  (a hook)
