"""Logs for people (console) or machines (JSON), with the turn's id on every line of a turn."""

from __future__ import annotations

import logging
import sys
from traceback import walk_tb

import structlog
from structlog.contextvars import bound_contextvars

from pichat.config.types import Logging

RADIO = ("zigpy", "bellows")
NOISY = (*RADIO, "aiosqlite", "aiohttp.access", "hassil", "asyncio", "httpx2", "httpcore2", "mcp")


class _Libraries(logging.Filter):
    """Drops what libraries report as errors when a command is cancelled, as at every stop, and
    tells in a line what else they failed at: their tracebacks are for those who debug."""

    def __init__(self, *, brief: bool) -> None:
        super().__init__()
        self._brief = brief

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "asyncio.exceptions.CancelledError" in message:
            return False
        if self._brief and message == "Failed to disconnect from radio":
            return False  # it was pulled out: that was told before
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not self._brief or not _concerns_radio(record.name, error):
            return True
        record.msg, record.args = f"{message.splitlines()[0]}: {error!r}", ()
        record.exc_info = record.exc_text = None
        return True


def _concerns_radio(logger: str, error: BaseException) -> bool:
    """Whether bellows or zigpy tell it, or asyncio on their behalf, and none of our code."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    passed = {module.split(".")[0] for module in (type(error).__module__, *modules)}
    return logger.split(".")[0] in RADIO or ("pichat" not in passed and bool(passed & {*RADIO}))


turn_context = bound_contextvars
"""`with turn_context(turn_id=…)`: what is logged inside carries the turn's id."""


def set_up_logs(config: Logging) -> None:
    """Send the log of PiChat and of its libraries to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=config.format == "json"),
    ]
    as_json = config.format == "json"
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr is not None and sys.stderr.isatty(),
            # Plain: the pretty one prints local variables, among them what people said.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    ending: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        *([structlog.processors.format_exc_info] if as_json else []),
        renderer,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending)
    )
    handler.addFilter(_Libraries(brief=config.level != "debug"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config.level.upper())
    for name in NOISY:
        # Their debug and info lines are many; their warnings matter.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns of each call to a stick that has just been lost.
    logging.getLogger("bellows.thread").setLevel(logging.ERROR)
