"""One answer of a model, while it is asked and from the record: its error at its place, or its score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from evotrade.cells import status_label
from evotrade.engine.metrics import METRICS
from evotrade.llm.attempts import Attempt
from evotrade.ui import formats
from evotrade.ui.genome import show_genome
from evotrade.ui.text import as_markdown, shortened

_SENTENCE, _LONG_ANSWER = 500, 20_000
_ANSWER_PX = 160
_NAN = float("nan")


class Numbers(NamedTuple):
    """What was expected of a strategy, or measured: count, percent, a year's Sharpe ratio."""

    trades: float = _NAN
    win_rate_pct: float = _NAN
    sharpe: float = _NAN

    @property
    def said(self) -> str:
        """The three with their units."""
        return (
            f"{formats.metric('trades', self.trades)} trades, "
            f"{formats.metric('win_rate_pct', self.win_rate_pct)} won, "
            f"Sharpe {formats.metric('sharpe', self.sharpe)}"
        )


class Answer(NamedTuple):
    """An attempt as it is shown. `genome` is empty where the answer was no proposal, `status` where none was
    judged; `line` is 0 where an error has no place.
    """

    number: int
    text: str
    tokens: int
    seconds: float
    cost_usd: float | None = None
    name: str = ""
    category: str = ""
    hypothesis: str = ""
    genome: str = ""
    expected: Numbers = Numbers()
    error: str = ""
    line: int = 0
    column: int = 0
    length: int = 1
    suggestion: str = ""
    status: str = ""
    reasons: Sequence[str] = ()
    fitness: float = _NAN
    timeframe: str = ""
    split: str = ""
    measured: Numbers = Numbers()

    @property
    def place(self) -> str:
        """Where the error is, as the beginning of a sentence; empty where it has no place."""
        return f"line {self.line}, column {self.column}: " if self.line else ""


def of_attempt(attempt: Attempt) -> Answer:
    """An attempt that has just been made."""
    proposal, error, outcome = attempt.proposal, attempt.error or {}, attempt.outcome
    answer = Answer(
        number=attempt.number,
        text=attempt.answer,
        tokens=attempt.tokens_in + attempt.tokens_out,
        seconds=attempt.seconds,
        cost_usd=attempt.cost_usd,
        error=str(error.get("message") or ""),
        line=int(error.get("line") or 0),
        column=int(error.get("column") or 0),
        length=int(error.get("length") or 1),
        suggestion=str(error.get("suggestion") or ""),
    )
    if proposal is not None:
        answer = answer._replace(
            name=proposal.name,
            category=proposal.category,
            hypothesis=proposal.hypothesis,
            genome=proposal.genome,
            expected=Numbers(**proposal.expected.model_dump()),
        )
    if outcome is not None:
        answer = answer._replace(
            status=outcome.status,
            reasons=outcome.reasons,
            fitness=outcome.fitness,
            timeframe=outcome.timeframe,
            split=outcome.split,
            measured=Numbers(outcome.trades, outcome.win_rate_pct, outcome.sharpe),
        )
    return answer


def of_row(row: Mapping[str, Any]) -> Answer:
    """An attempt of the record, a row of `Store.llm_attempts`."""
    known = {name: value for name, value in row.items() if not _missing(value)}
    return Answer(
        number=int(known["number"]),
        text=_text(known, "answer"),
        tokens=int(known["tokens_in"] + known["tokens_out"]),
        seconds=_number(known, "seconds"),
        cost_usd=known.get("cost_usd"),
        name=_text(known, "name"),
        category=_text(known, "category"),
        hypothesis=_text(known, "hypothesis"),
        genome=_text(known, "genome"),
        expected=Numbers(*(_number(known, f"expected_{name}") for name in Numbers._fields)),
        error=_text(known, "error"),
        line=int(known.get("error_line", 0)),
        column=int(known.get("error_column", 0)),
        length=int(known.get("error_length", 1)),
        suggestion=_text(known, "error_suggestion"),
        status=_text(known, "status"),
        reasons=tuple(known.get("reasons", ())),
        fitness=_number(known, "fitness"),
        timeframe=_text(known, "timeframe"),
        split=_text(known, "split"),
        measured=Numbers(*(_number(known, name) for name in Numbers._fields)),
    )


def _missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name, ""))


def _number(row: Mapping[str, Any], name: str) -> float:
    return float(row.get(name, _NAN))


def show(answer: Answer, objective: str, key: str) -> None:
    """Its name, its error or score, its genome; and what it cost."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = f" · {as_markdown(shortened(answer.name, 120))}" if answer.name else ""
        st.markdown(f"**Answer {answer.number}**{name}", width="stretch")
        _badge(answer, objective)
    if answer.error:
        _error(answer)
    if answer.hypothesis:
        st.text(shortened(answer.hypothesis, _LONG_ANSWER))
    if answer.genome and not _is_marked_whole(answer):
        show_genome(answer.genome, key=f"genome of {key}")
    elif not answer.genome and answer.text:
        st.code(shortened(answer.text, _LONG_ANSWER), language=None, wrap_lines=True, height=_height(answer))
    if answer.status:
        _score(answer)
    st.caption(as_markdown(_cost(answer)))


def _is_marked_whole(answer: Answer) -> bool:
    """Whether the line with the error, which is shown with it, is all of the genome."""
    return answer.line == 1 and len(answer.genome.splitlines()) == 1


def _height(answer: Answer) -> Any:
    return _ANSWER_PX if len(answer.text) > _SENTENCE else "content"


def _badge(answer: Answer, objective: str) -> None:
    if not answer.status:
        st.badge("genome error" if answer.line else "no strategy", color="orange")
        return
    value = formats.metric(objective, answer.fitness) if objective in METRICS else f"{answer.fitness:.4g}"
    what = f" {formats.metric_label(objective).lower()}" if objective in METRICS else ""
    alive = answer.status == "alive"
    st.badge(f"{status_label(answer.status)} · {value}{what}", color="green" if alive else "gray")


def _error(answer: Answer) -> None:
    meant = f". Did you mean {answer.suggestion}?" if answer.suggestion else ""
    said = as_markdown(shortened(f"{answer.place}{answer.error}{meant}", _SENTENCE))
    st.markdown(f":red[:material/error:] {said}")
    lines = answer.genome.splitlines()
    if 0 < answer.line <= len(lines):
        mark = " " * (answer.column - 1) + "^" * max(1, answer.length)
        st.code(f"{lines[answer.line - 1]}\n{mark}", language=None)


def _score(answer: Answer) -> None:
    for reason in answer.reasons:
        st.caption(as_markdown(shortened(reason[:1].upper() + reason[1:], _SENTENCE)))
    where = " ".join(word for word in (answer.split, answer.timeframe) if word)
    measured = f"Measured{f' on {where}' if where else ''}: {answer.measured.said}"
    st.caption(as_markdown(f"{measured} · expected: {answer.expected.said}"))


def _cost(answer: Answer) -> str:
    parts = [f"{answer.tokens:,} tokens", formats.duration(max(0.0, answer.seconds))]
    if answer.cost_usd is not None and not math.isnan(answer.cost_usd):
        parts.append(f"{answer.cost_usd:.4f} USD")
    if answer.category:
        parts.append(answer.category)
    return " · ".join(parts)
