"""Drafts: strategies that are being written, one for each cell that is forked, and those without a parent.

They live in the session, so that a visit to another page loses none of them. A draft that loses its parent
stands before one that had none from the beginning, which comes into view again once the first one is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import streamlit as st

from evotrade.cells import Cell
from evotrade.lab.cells import Tried
from evotrade.ui.editor.code import written
from evotrade.ui.llm.run import Run
from evotrade.ui.llm.tasks import Tried as Answered

Wish = Literal["test", "create"]
_DRAFTS, _BEGUN = "drafts of strategies", "drafts begun"


class Idea(NamedTuple):
    """An answer of a model that was taken into the editor: which ask's, and the model's own words."""

    ask_id: int
    model: str
    name: str
    category: str
    hypothesis: str
    genome: str

    def words(self, name: str, category: str, hypothesis: str) -> dict[str, str]:
        """What a cell made of it is called: what a person left as it was is the model's, not the person's."""
        own = {"name": name, "category": category, "hypothesis": hypothesis}
        return {
            **{word: "" if said == getattr(self, word) else said for word, said in own.items()},
            "llm_name": self.name,
            "llm_category": self.category,
            "llm_hypothesis": self.hypothesis,
            "llm_model": self.model,
        }


@dataclass
class Draft:
    """A strategy that is being written: its text, and what its last test showed.

    `begun` is the text that it began with. Widgets keep what else is said of it, each under a `key` of its
    own; `born` is the number of the cell that was made of it, `asked` what a person waits for. `asking` is
    the last ask of a model for it, `idea` the answer that was taken; `asked_nothing` says that Ask was
    pressed without a word.
    """

    number: int
    parent: int | None
    begun: str
    text: str
    revision: int = 0
    tried: Tried | None = None
    born: int | None = None
    asked: Wish | None = None
    asking: Run[Answered] | None = None
    idea: Idea | None = None
    asked_nothing: bool = False

    def key(self, name: str) -> str:
        """The key of a widget of this draft."""
        return f"{name} of draft {self.number}"

    def rewrite(self, text: str) -> None:
        """Replace the text in the editor, which its undo takes back."""
        self.text = text
        self.revision += 1

    def take(self, idea: Idea) -> None:
        """Put a model's answer into the editor."""
        self.rewrite(idea.genome)
        self.idea = idea

    def ask(self, wish: Wish) -> None:
        """Remember what a button asked for, even if letters that arrive late end the run that heard it."""
        self.asked = wish

    def latest(self) -> str:
        """The text as the browser sent it last, also before the editor is drawn."""
        return written(self.text, self.key("genome"), revision=self.revision)

    def keep(self) -> None:
        """Keep the text as the browser sent it last, even if the page that runs next is another one."""
        self.text = self.latest()

    @property
    def touched(self) -> bool:
        """Whether there is something to lose."""
        return self.text != self.begun or self.tried is not None or self.asking is not None


def _drafts() -> dict[int, Draft]:
    """Drafts by number; the last one is the one in view."""
    found: dict[int, Draft] = st.session_state.setdefault(_DRAFTS, {})
    return found


def open_draft(parent: Cell | None) -> Draft:
    """The last draft of a fork of `parent`, or without a parent; begun where there is none."""
    number = parent.cell_id if parent else None
    draft = next((one for one in reversed(_drafts().values()) if one.parent == number), None)
    if draft is None:
        st.session_state[_BEGUN] = st.session_state.get(_BEGUN, 0) + 1
        text = parent.genome if parent else ""
        draft = Draft(st.session_state[_BEGUN], number, begun=text, text=text)
    _bring_into_view(draft)
    return draft


def unfinished_fork() -> int | None:
    """The parent of the draft that was in view last, if somebody wrote in it."""
    drafts = list(_drafts().values())
    return drafts[-1].parent if drafts and drafts[-1].touched else None


def orphan(draft: Draft) -> None:
    """Take the draft from its parent; it is the one without a parent that is in view from now on."""
    draft.parent = None
    _bring_into_view(draft)


def _bring_into_view(draft: Draft) -> None:
    _drafts().pop(draft.number, None)
    _drafts()[draft.number] = draft


def drop(draft: Draft) -> None:
    """Forget the draft, and stop what is asked for it."""
    if draft.asking is not None:
        draft.asking.stop()
    _drafts().pop(draft.number, None)
