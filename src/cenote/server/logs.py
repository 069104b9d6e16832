"""Structured logs: JSON lines, or text on a terminal. No request value ever gets here, so no secret does.

The standard library's logging does it: a richer one costs 100 ms of the 600 ms that a start may take.
"""

import logging
import sys
import time
import traceback
from typing import Any

import msgspec

# Attributes that every LogRecord has; what is beside them was passed as `extra` and is part of the event.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
COLORS = {"DEBUG": "\x1b[2m", "INFO": "\x1b[36m", "WARNING": "\x1b[33m", "ERROR": "\x1b[31m"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event, and what the event carries."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(extras(record))
        if record.exc_info:
            line["traceback"] = frames(record)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    def __init__(self, *, color: bool) -> None:
        super().__init__()
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower().ljust(7)
        if self._color:
            level = f"{COLORS.get(record.levelname, '')}{level}\x1b[0m"
        line = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {level} {record.getMessage()}"
        line += "".join(f"  {key}={value}" for key, value in extras(record).items())
        if record.exc_info:
            line += "\n" + frames(record)
        return line


def stamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in STANDARD}


def frames(record: logging.LogRecord) -> str:
    """Where an exception came from and its class, without its text: that may quote what a user sent."""
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    error = record.exc_info[1]
    lines = [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 5:
        chain.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    return "\n".join([*lines, " from ".join(chain)])


def configure(*, log_format: str, log_level: str) -> None:
    """Sends the house's and the server's logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    terminal = sys.stderr.isatty()
    if log_format == "json" or (log_format == "auto" and not terminal):
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(TextFormatter(color=terminal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level.upper())
    logging.getLogger("asyncio").setLevel("WARNING")
