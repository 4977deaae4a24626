"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

# A shell that starts the tests in the background has its children ignore Ctrl-C, and the programs
# that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where Python may not keep what it compiled, each of the many programs that tests start would
# compile PiChat anew, and each run all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session", autouse=True)
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One for all processes of a run, for what takes long to make; pytest itself removes it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ["PICHAT_TEST_SHARED"] = str(shared)


_LISTENING = ("test_talking", "test_spoken", "test_page")
"""Files of tests/daemon that speak to one daemon, which takes long to start."""


class TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]
    """A file each, those of the listening daemon in one process. What takes longest is early in the
    alphabet: no process is left alone at the end."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        listens = file.removeprefix("tests/daemon/").removesuffix(".py") in _LISTENING
        return "the listening daemon" if listens else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> TogetherScheduling | None:
    """See pytest-xdist: for `--dist loadfile`, one that knows what is shared."""
    return TogetherScheduling(config, log) if config.getvalue("dist") == "loadfile" else None
