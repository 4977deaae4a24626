"""Logs for people (console) or machines (JSON), with the turn's id on every line of a turn."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.contextvars import bound_contextvars

from pichat.config.types import Logging

NOISY = ("zigpy", "bellows", "aiosqlite", "aiohttp.access", "hassil", "asyncio")


class _Expected(logging.Filter):
    """Drops what libraries report as errors when a command is cancelled, as at every stop."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "asyncio.exceptions.CancelledError" not in record.getMessage()


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
            colors=sys.stderr.isatty(),
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
    handler.addFilter(_Expected())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config.level.upper())
    for name in NOISY:
        # Their debug and info lines are many; their warnings matter.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
