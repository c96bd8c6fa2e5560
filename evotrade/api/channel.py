"""What watchers of a session are told, without I/O: numbering, coalescing, replay, and who is too slow.

Times are seconds of any clock that only goes forward, and are arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evotrade.desk.views import Topic, Update

COALESCED: frozenset[Topic] = frozenset({"price", "pnl"})
"""Only their newest value counts: they are told at most once an interval, all others at once."""

Message = Mapping[str, Any]
"""JSON-ready: type, session_id, epoch, seq, data."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a watcher has heard: `seq` of the last message, in the numbering that is called `epoch`."""

    epoch: str
    seq: int


class Channel:
    """One session's messages: numbered from 1 within an epoch, the last `kept` of them to be had again."""

    def __init__(self, session_id: int, epoch: str, *, kept: int = 1_000, interval_s: float = 1.0) -> None:
        self._session_id = session_id
        self._epoch = epoch
        self._interval_s = interval_s
        self._seq = 0
        self._kept: deque[Message] = deque(maxlen=kept)
        self._pending: dict[Topic, Mapping[str, Any]] = {}
        self._told_s: float | None = None

    @property
    def place(self) -> Place:
        """Where a watcher is who has heard everything."""
        return Place(self._epoch, self._seq)

    def feed(self, update: Update, now_s: float) -> list[Message]:
        """Take an update; returns what is to be told now."""
        if update.topic in COALESCED:
            self._pending[update.topic] = update.data
            return self.flush(now_s)
        return [self._number(update.topic, update.data)]

    def due_s(self) -> float | None:
        """When to `flush`; None where nothing waits."""
        if not self._pending:
            return None
        return 0.0 if self._told_s is None else self._told_s + self._interval_s

    def flush(self, now_s: float) -> list[Message]:
        """What waited for its interval to be over, if it is."""
        due_s = self.due_s()
        if due_s is None or now_s < due_s:
            return []
        self._told_s = now_s
        messages = [self._number(topic, data) for topic, data in self._pending.items()]
        self._pending.clear()
        return messages

    def since(self, place: Place) -> Sequence[Message] | None:
        """All messages after that place; None where it is none of this channel's, or too long ago."""
        missing = self._seq - place.seq
        if place.epoch != self._epoch or not 0 <= missing <= len(self._kept):
            return None
        return list(self._kept)[len(self._kept) - missing :]

    def snapshot(self, data: Mapping[str, Any], seq: int) -> Message:
        """The session's state, at the latest when message `seq` was told: what comes after it follows."""
        return self._message("snapshot", seq, data)

    def heartbeat(self) -> Message:
        """A sign of life, with the last message's number."""
        return self._message("heartbeat", self._seq, {})

    def _number(self, topic: str, data: Mapping[str, Any]) -> Message:
        self._seq += 1
        message = self._message(topic, self._seq, data)
        self._kept.append(message)
        return message

    def _message(self, kind: str, seq: int, data: Mapping[str, Any]) -> Message:
        return {
            "type": kind,
            "session_id": self._session_id,
            "epoch": self._epoch,
            "seq": seq,
            "data": dict(data),
        }


class Mailbox:
    """What one watcher has yet to be sent; one that lags behind by more than `limit` messages is lost."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self.lost = False

    def put(self, messages: Sequence[Message]) -> None:
        """Add messages; nothing is kept for a watcher that is lost."""
        if self.lost:
            return
        self._waiting.extend(messages)
        if len(self._waiting) > self._limit:
            self._waiting.clear()
            self.lost = True

    def take(self) -> Message | None:
        """The next message, None where there is none."""
        return self._waiting.popleft() if self._waiting else None
