"""What owners find in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import TracebackType

import pytest
from zigpy.exceptions import RadioException

from pichat.config.types import Logging
from pichat.logs import set_up_logs


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    logger = logging.getLogger()
    before = logger.handlers, logger.level
    yield
    logger.handlers, logger.level = before[0], before[1]


def failure(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    try:
        raise error
    except type(error) as raised:
        return type(raised), raised, raised.__traceback__


def test_a_lost_stick_is_a_line_and_a_defect_of_ours_has_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs(Logging())
    gone = failure(RadioException())
    logging.getLogger("zigpy.backups").warning("Failed to create a backup", exc_info=gone)
    logging.getLogger("asyncio").error("Task exception\nfuture: <…>", exc_info=gone)
    logging.getLogger("zigpy.application").warning("Failed to disconnect from radio")
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 2
    assert "RadioException" in told
    ours = failure(ValueError("ours"))
    logging.getLogger("asyncio").error("Task exception", exc_info=ours)
    assert "Traceback" in capsys.readouterr().err


def test_tracebacks_of_libraries_are_there_to_debug(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Logging(level="debug"))
    gone = failure(RadioException())
    logging.getLogger("zigpy.backups").warning("Failed", exc_info=gone)
    assert "Traceback" in capsys.readouterr().err
