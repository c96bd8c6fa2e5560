"""The daemon's log: one line of JSON for each event, with session and order ids, and no secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

HIDDEN = "•••"
"""Stands in the log where a secret would have stood."""

_SHORTEST_SECRET = 6  # a shorter one would be found by chance in any text
_QUIET = ("apscheduler", "uvicorn.access", "httpx", "apprise")


def configure_log(stream: TextIO | None = None, secrets: Iterable[str] = ()) -> None:
    """Log to `stream` (standard error by default), everything that goes through structlog or logging.

    No text of `secrets` is ever written, wherever it stands in an event, an exception's text included.
    """
    hide = Redaction(secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.StackInfoRenderer(),
        hide,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # another daemon in one process, as in tests, logs elsewhere
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide,  # once more, over the text of a message that came through logging
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Redaction:
    """A structlog processor that takes secrets out of an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(
            {one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True
        )

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """The event without secrets."""
        if self._secrets:
            for name, value in event.items():
                if not name.startswith("_"):  # structlog's own record, which is never written
                    event[name] = self.clean(value)
        return event

    def clean(self, value: Any) -> Any:
        """The value with every secret in its texts hidden."""
        if isinstance(value, Mapping):
            return {key: self.clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
