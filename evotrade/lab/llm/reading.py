"""What a language model says of strategies that there are: explained, named, looked over, judged live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel

from evotrade.cells import Cell
from evotrade.errors import NotFound
from evotrade.lab.llm.asks import Keeper, budget_or_usual, now
from evotrade.lab.llm.seen import Sight, shown
from evotrade.llm.answers import Explanation, NamedCell, Naming, Patterns, Suggestion
from evotrade.llm.asking import ask
from evotrade.llm.attempts import Budget, OnEvent, Stop
from evotrade.llm.models import Llm, ready
from evotrade.llm.questions import (
    Question,
    explain_question,
    naming_question,
    patterns_question,
    suggestion_question,
)
from evotrade.llm.views import number
from evotrade.store import Store
from evotrade.store.llm import AskRow, PatternRow, Words
from evotrade.store.records import SessionRow, TradeRow

_Output = TypeVar("_Output", bound=BaseModel)
_BATCH = 20
_BEST_SHOWN, _REST_SHOWN = 30, 30
_TRADES_SHOWN = 100


def explain(
    cell_id: int,
    store: Store,
    llm: Llm,
    *,
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Explanation:
    """What a cell does, and when it should work. Raises `NotFound`, and what `evotrade.llm.ask` raises."""
    llm = ready(llm)
    sight, cell = Sight(store), store.cell(cell_id)
    question = explain_question(sight.cell(cell), lineage=sight.ancestors(cell))
    row = _row("explain", llm, question, cell_ids=(cell_id,), dish=cell.dish)
    _, answer = _answered(row, question, Explanation, store, llm, budget, on_event, stop)
    return answer


def name_cells(
    cell_ids: Sequence[int],
    store: Store,
    llm: Llm,
    *,
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> list[NamedCell]:
    """Give cells a name, a category and a hypothesis, and keep these as the model's words, batch by batch.

    The budget is that of each batch of 20. Raises `NotFound` before anything is asked, and what
    `evotrade.llm.ask` raises; batches that were named before stay so.
    """
    llm = ready(llm)
    sight = Sight(store)
    cells = [store.cell(one) for one in dict.fromkeys(cell_ids)]
    named: list[NamedCell] = []
    for first in range(0, len(cells), _BATCH):
        batch = cells[first : first + _BATCH]
        named += _named(batch, sight, store, llm, budget, on_event, stop)
    return named


def find_patterns(
    dish: str | None,
    store: Store,
    llm: Llm,
    *,
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """Find what cells of a dish, or of all, have in common, and keep it with the cells that show it.

    A row a pattern, with the columns of `llm_patterns`. Of many cells the best and a spread of the others are
    looked at. Raises `NotFound` where there are none, and what `evotrade.llm.ask` raises.
    """
    llm = ready(llm)
    cells = _sample(dish, store)
    if not cells:
        raise NotFound(
            f"there are no cells {f'in dish {dish!r}' if dish else 'in the store'}: evolve some first"
        )
    question = patterns_question(shown(cells, Sight(store)), dish or "")
    known = {cell.cell_id for cell in cells}
    row = _row("patterns", llm, question, cell_ids=tuple(known), dish=dish or "")
    keeper, answer = _answered(
        row, question, Patterns, store, llm, budget, on_event, stop, lambda told: _strangers(told, known)
    )
    rows = [PatternRow(one.name, one.description, one.cell_ids) for one in answer.patterns]
    store.add_patterns(keeper.ask_id, llm.label, dish or "", rows, now())
    found = store.llm_patterns(dish)
    return found[found["ask_id"] == keeper.ask_id].reset_index(drop=True)


def suggest(
    session: SessionRow | int,
    store: Store,
    llm: Llm,
    *,
    divergence: Mapping[str, Any] | None = None,
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Suggestion:
    """What to do after a live session, from its trades and its divergence from the backtest.

    `divergence` is what `verify` says of the session, as plain data; its `fork_instruction`, where not empty,
    is a wish for `fork` of the session's cell. Raises `NotFound`, and what `evotrade.llm.ask` raises.
    """
    llm = ready(llm)
    record = store.session(session) if isinstance(session, int) else session
    view = _session_view(record, store.trades(record.session_id), divergence)
    cell = store.cell(record.cell_id)
    question = suggestion_question(Sight(store).cell(cell), view)
    row = _row("suggest", llm, question, cell_ids=(record.cell_id,), dish=cell.dish)
    row = replace(row, session_id=record.session_id)
    _, answer = _answered(row, question, Suggestion, store, llm, budget, on_event, stop)
    return answer


def _named(
    batch: Sequence[Cell],
    sight: Sight,
    store: Store,
    llm: Llm,
    budget: Budget | None,
    on_event: OnEvent | None,
    stop: Stop | None,
) -> list[NamedCell]:
    wanted = [cell.cell_id for cell in batch]
    question = naming_question(shown(batch, sight))
    row = _row("name", llm, question, cell_ids=tuple(wanted))
    _, answer = _answered(
        row, question, Naming, store, llm, budget, on_event, stop, lambda told: _unnamed(told, wanted)
    )
    store.set_words(
        llm.label, [Words(one.cell_id, one.name, one.category, one.hypothesis) for one in answer.cells]
    )
    return list(answer.cells)


def _answered(
    row: AskRow,
    question: Question,
    output: type[_Output],
    store: Store,
    llm: Llm,
    budget: Budget | None,
    on_event: OnEvent | None,
    stop: Stop | None,
    complaint: Callable[[_Output], str | None] | None = None,
) -> tuple[Keeper, _Output]:
    allowed = budget_or_usual(budget)
    keeper = Keeper(store, row, on_event)
    answered = keeper.run(
        lambda: ask(llm, question, output, allowed, complaint=complaint, on_event=keeper.on_event, stop=stop)
    )
    keeper.finish("done", f"the model's answer {len(answered.attempts)} serves", answer=answered.answer)
    return keeper, answered.answer


def _row(kind: str, llm: Llm, question: Question, *, cell_ids: tuple[int, ...], dish: str = "") -> AskRow:
    return AskRow(kind, llm.label, *question, started_at=now(), dish=dish, cell_ids=cell_ids)


def _unnamed(told: Naming, wanted: Sequence[int]) -> str | None:
    if sorted(one.cell_id for one in told.cells) == sorted(wanted):
        return None
    return f"Answer for each of these cell_id once, and for no other: {', '.join(map(str, wanted))}."


def _strangers(told: Patterns, known: set[int]) -> str | None:
    strange = sorted({one for pattern in told.patterns for one in pattern.cell_ids} - known)
    if not strange:
        return None
    return f"There are no strategies {', '.join(map(str, strange[:10]))} among those given: name only those."


def _sample(dish: str | None, store: Store) -> list[Cell]:
    """The best cells, and others evenly from the rest down to the worst."""
    rest = store.count_cells(dish=dish) - _BEST_SHOWN
    pages = [store.cells(dish=dish, limit=_BEST_SHOWN)]
    step = max(1, -(-rest // _REST_SHOWN))
    pages += [store.cells(dish=dish, limit=1, offset=_BEST_SHOWN + n) for n in range(0, max(0, rest), step)]
    return [store.cell(int(one)) for page in pages for one in page["cell_id"]]


def _session_view(
    session: SessionRow, trades: Sequence[TradeRow], divergence: Mapping[str, Any] | None
) -> dict[str, Any]:
    pnl = session.current_pnl if session.final_pnl is None else session.final_pnl
    return {
        "pair": session.pair,
        "timeframe": session.timeframe,
        "on_paper": session.dry_run,
        "status": session.status,
        "reason": session.reason,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "allocation": float(session.allocation),
        "pnl": float(pnl),
        "trade_count": session.trade_count,
        "missed_bars": session.missed_bars,
        "divergence_from_backtest": dict(divergence) if divergence is not None else None,
        "last_trades": [_trade_view(one) for one in trades[-_TRADES_SHOWN:]],
    }


def _trade_view(trade: TradeRow) -> dict[str, Any]:
    return {
        "entry_at": trade.entry_at,
        "exit_at": trade.exit_at,
        "entry_price": number(float(trade.entry_price)),
        "exit_price": None if trade.exit_price is None else number(float(trade.exit_price)),
        "pnl": None if trade.pnl is None else float(trade.pnl),
        "exit_reason": trade.exit_reason,
    }
