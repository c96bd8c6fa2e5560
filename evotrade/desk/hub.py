"""Who watches which session, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from evotrade.desk.views import Topic, Update

Listener = Callable[[Update], None]
_log = structlog.get_logger(__name__)


class Hub:
    """Tells updates to listeners, in the event loop; one that raises is dropped, without harm to others."""

    def __init__(self) -> None:
        self._listeners: dict[int, list[Listener]] = {}

    def subscribe(self, session_id: int, listener: Listener) -> Callable[[], None]:
        """Tell this session's updates to the listener; call the answer to end that."""
        self._listeners.setdefault(session_id, []).append(listener)

        def end() -> None:
            listeners = self._listeners.get(session_id, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(session_id, None)

        return end

    def watches(self, session_id: int) -> bool:
        """Whether anybody would hear of this session."""
        return session_id in self._listeners

    def tell(self, session_id: int, topic: Topic, data: Mapping[str, Any]) -> None:
        """An update for those who watch the session; `data` is JSON-ready."""
        for listener in tuple(self._listeners.get(session_id, ())):
            try:
                listener(Update(session_id, topic, data))
            except Exception as error:  # noqa: BLE001 - a watcher's fault must not stop the session's trading
                self._listeners[session_id].remove(listener)
                _log.error("watcher dropped", session_id=session_id, error=repr(error))
