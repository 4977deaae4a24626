"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest

# A shell that starts the tests in the background has its children ignore Ctrl-C, and the programs
# that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One for all processes of a run, for what takes long to make; pytest itself removes it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ["PICHAT_TEST_SHARED"] = str(shared)
