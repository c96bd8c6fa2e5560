"""Offspring by a language model: what a search wants, and what comes back from whoever asks the model.

The search knows no network: proposals are arguments, as candles are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from evotrade.evolution.selection import Member
from evotrade.genome import Genome

BY_MODEL = "llm"
"""The operator of offspring that a language model wrote."""


class AnswerKey(NamedTuple):
    """Which answer of which ask a proposal was, as the store numbers them."""

    ask_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A genome that a model wrote for a parent, and what it says of it."""

    genome: Genome
    parent: Member
    key: AnswerKey
    model: str = ""
    name: str = ""
    category: str = ""
    hypothesis: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a generation wants of a model: a child for each of `parents`.

    `members` are the population, best first; genomes whose ids are in `tried` would be dropped.
    """

    generation: int
    parents: tuple[Member, ...]
    members: tuple[Member, ...]
    tried: Collection[str]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What came of it: `answers` counts all that the model wrote in `asks` asks, those of no use too.

    `cost_usd` is theirs, None where no price is known; `warning` says why there are fewer proposals than
    wanted, empty where there are not.
    """

    made: tuple[Proposal, ...] = ()
    asks: int = 0
    answers: int = 0
    cost_usd: float | None = None
    warning: str = ""


class Proposer(Protocol):
    """Asks a language model for offspring."""

    def propose(self, wanted: Wanted) -> Proposals:
        """At most one proposal for each parent. A model that fails gives fewer, and never an error.

        Asked again for the same generation of the same run, it gives the same.
        """
        ...
