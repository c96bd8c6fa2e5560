"""What a language model is asked, in what words, within what budget, and what becomes of its answer.

Nothing here runs what a model writes, reads files for it, or gives it a tool: its answers are data that are
checked as everyone's. Only this package knows pydantic-ai, which takes a second to import: names load on use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evotrade.llm.answers import (
        Expected,
        Explanation,
        NamedCell,
        Naming,
        Pattern,
        Patterns,
        Proposal,
        Suggestion,
    )
    from evotrade.llm.asking import Answered, ask
    from evotrade.llm.attempts import (
        Attempt,
        Budget,
        Event,
        Finished,
        Outcome,
        Proposed,
        Reason,
        Started,
        Streamed,
        Verdict,
        Waiting,
    )
    from evotrade.llm.choice import Choice, chosen
    from evotrade.llm.models import Llm, llm_of, ready
    from evotrade.llm.proposing import propose
    from evotrade.llm.questions import Question

_HOME = {
    **dict.fromkeys(
        ("Expected", "Explanation", "NamedCell", "Naming", "Pattern", "Patterns", "Proposal", "Suggestion"),
        "answers",
    ),
    **dict.fromkeys(("Answered", "ask"), "asking"),
    **dict.fromkeys(
        (
            *("Attempt", "Budget", "Event", "Finished", "Outcome", "Proposed", "Reason", "Started"),
            *("Streamed", "Verdict", "Waiting"),
        ),
        "attempts",
    ),
    **dict.fromkeys(("Choice", "chosen"), "choice"),
    **dict.fromkeys(("Llm", "llm_of", "ready"), "models"),
    "propose": "proposing",
    "Question": "questions",
}

__all__ = [
    "Answered",
    "Attempt",
    "Budget",
    "Choice",
    "Event",
    "Expected",
    "Explanation",
    "Finished",
    "Llm",
    "NamedCell",
    "Naming",
    "Outcome",
    "Pattern",
    "Patterns",
    "Proposal",
    "Proposed",
    "Question",
    "Reason",
    "Started",
    "Streamed",
    "Suggestion",
    "Verdict",
    "Waiting",
    "ask",
    "chosen",
    "llm_of",
    "propose",
    "ready",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
