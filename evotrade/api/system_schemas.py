"""The daemon itself as JSON, and how errors look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from evotrade.api.fields import Answer, Number


class AliveOut(Answer):
    """What anybody may know."""

    ok: bool = Field(description="Whether all is well.")
    pid: int
    version: str


class HealthOut(Answer):
    """The daemon, its feed and its jobs."""

    ok: bool
    pid: int
    version: str
    started_at: datetime
    exchange: str
    real_orders_allowed: bool
    feed_ok: bool
    feed_reason: str = Field(description="Why prices do not flow.")
    feed_age_s: Number = Field(description="Since the last message.")
    sessions: Mapping[str, int] = Field(description="How many, by status.")
    outbox_backlog: int = Field(description="Records that are not in the store yet.")
    jobs: tuple[Mapping[str, Any], ...]
    counters: Mapping[str, Number] = Field(description="Since the daemon's start.")


class AlertOut(Answer):
    """What a person was told, or should have been."""

    at: datetime
    level: str
    session_id: int | None
    text: str


class SentOut(Answer):
    """That a test alert was sent."""

    sent: bool


class MistakeOut(Answer):
    """One field of a request that cannot be used."""

    field: str = Field(examples=["cell_id"])
    message: str


class ProblemOut(Answer):
    """An error, as RFC 9457 has it, of the media type application/problem+json."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="about:blank, or urn:evotrade:error: and the name of evotrade's error.",
        examples=["urn:evotrade:error:SessionRefused"],
    )
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(description="What is wrong, and how to repair it, in one sentence.")
    errors: tuple[MistakeOut, ...] = Field((), description="Fields that cannot be used (422).")
    line: int | None = Field(None, description="Of a mistake in a genome (422), from 1.")
    column: int | None = Field(None, description="Of a mistake in a genome (422), from 1.")
