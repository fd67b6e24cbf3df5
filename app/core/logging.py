"""Structured logs to standard output: one event a line, constant names, facts as keywords, phone numbers masked."""

import logging
import re
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# With a plus it can be nothing else; without one, ids of Meta's (15 digits and more) look much alike.
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+\d{8,15}|\d{10,14})(?![0-9A-Za-z])")

_QUOTED = re.compile(
    r"(^DETAIL:  )[^\n]*"  # of the database: the row that it refused
    r"|(\binput_value=)(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[^\n]*?(?=, input_type=))",  # of a model
    re.MULTILINE,
)


def mask_phone(phone: str) -> str:
    """Enough to recognise a number that one already knows, too little to call it."""
    return f"{phone[:5]}…{phone[-2:]}" if len(phone) > 7 else "…"  # noqa: PLR2004 - the parts that are shown


def _mask(value: object) -> object:
    if isinstance(value, str):
        return _PHONE.sub(
            lambda found: mask_phone(found.group()), _QUOTED.sub(lambda found: (found[1] or found[2]) + "…", value)
        )
    if isinstance(value, dict):
        return {_mask(key): _mask(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mask(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _mask(repr(value))


def mask_phones(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The net under every log call: exceptions of libraries quote values too."""
    return {key: _mask(value) for key, value in event.items()}


def configure_logging(level: str, style: Literal["json", "console"], stream: TextIO | None = None) -> None:
    """To standard output, unless to another stream."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = (
        [structlog.processors.format_exc_info, mask_phones, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if style == "json"
        else [structlog.processors.format_exc_info, mask_phones, structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"
    for name in ("httpx", "asyncio"):
        logging.getLogger(name).setLevel("WARNING")
