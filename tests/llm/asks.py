"""What tests of asks share: the model behind a scripted server, a judge, and an ask that is told of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evotrade.llm import Budget, Event, Llm, Outcome, Proposal, Proposed, Question, Verdict, llm_of, propose
from evotrade.settings import Settings
from tests.llm_server import LlmServer

QUESTION = Question("You write genomes.", "Write one that follows the trend.")
WRONG = "IF DELT(0) > 1 THEN BUY"


def model_at(server: LlmServer, **settings: Any) -> Llm:
    """The model that the server pretends to have."""
    return llm_of(Settings(llm=f"{server.url}#scripted", **settings))


def takes_all(_: Proposal) -> Verdict:
    """A judge that everything pleases."""
    return Verdict(True, "fine", Outcome("1" * 12, 1.0, "alive", trades=9.0))


@dataclass
class Ask:
    """One ask for a proposal, and what its watcher was told."""

    server: LlmServer
    budget: Budget = field(default_factory=Budget)
    judge: Callable[[Proposal], Verdict] = takes_all
    told: list[Event] = field(default_factory=list)
    stop: Callable[[], bool] = lambda: False

    def propose(self, **settings: Any) -> Proposed:
        """Ask."""
        llm = model_at(self.server, **settings)
        return propose(llm, QUESTION, self.judge, self.budget, self.told.append, self.stop)

    def finished(self) -> list[Any]:
        """The attempts that the watcher was told of."""
        return [event.attempt for event in self.told if hasattr(event, "attempt")]
