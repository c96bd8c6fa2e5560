"""Cells side by side: what may be compared with what."""

import math

import numpy as np
import pytest

from evotrade.engine.backtest import backtest
from evotrade.engine.columns import Columns
from evotrade.engine.metrics import METRICS
from evotrade.genome import parse
from evotrade.market.synthetic import synthetic_candles
from evotrade.ui.cells import side_by_side
from evotrade.ui.cells.side_by_side import BEST, HIGHER_IS_BETTER, LOWER_IS_BETTER, Sight
from evotrade.ui.phenotypes import Series
from tests.ui.stores import GENOME, a_cell, a_phenotype

TRAIN = Sight(Series("BTC/USD", "archive"), "1h", "train")


def cells(*metrics, **facts):
    return [
        a_cell(cell_id=n, phenotypes=(a_phenotype(metrics=row, **facts),)) for n, row in enumerate(metrics, 1)
    ]


def row(compared, label, sight=TRAIN):
    table = side_by_side.metrics_table(side_by_side.columns(compared, sight))
    return table.set_index("Metric").loc[label].tolist()


def test_each_metric_has_at_most_one_better_end():
    assert not HIGHER_IS_BETTER & LOWER_IS_BETTER
    assert METRICS.keys() >= HIGHER_IS_BETTER | LOWER_IS_BETTER


def test_the_best_value_is_marked_at_its_better_end():
    two = cells(
        {"return_pct": 12.5, "max_drawdown_pct": 30.0}, {"return_pct": -2.0, "max_drawdown_pct": 10.0}
    )
    assert row(two, "Return") == [f"{BEST}12.50 %", "−2.00 %"]
    assert row(two, "Max drawdown") == ["30.00 %", f"{BEST}10.00 %"]


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ((1.0, 1.0), ["1.00 %", "1.00 %"]),
        ((1.0, 1.001), ["1.00 %", "1.00 %"]),
        ((1.0, math.nan), ["1.00 %", "–"]),
        ((2.0, 1.0, 2.0), [f"{BEST}2.00 %", "1.00 %", f"{BEST}2.00 %"]),
        ((1.0, math.nan, 3.0), ["1.00 %", "–", f"{BEST}3.00 %"]),
    ],
)
def test_nothing_is_best_that_looks_like_the_others(metrics, expected):
    assert row(cells(*({"return_pct": value} for value in metrics)), "Return") == expected


def test_a_metric_that_is_neither_good_nor_bad_has_no_best():
    assert row(cells({"trades": 3.0}, {"trades": 9.0}), "Trades") == ["3", "9"]


def test_what_most_cells_share_comes_first_and_recorded_numbers_last():
    one, two = cells({"trades": 1.0}), cells({"trades": 2.0}, timeframe="4h")
    recorded = cells(*[{"trades": 3.0}] * 3, split="all", recorded=True)
    found = side_by_side.shared_sights([*recorded, *two, *one, *one])
    assert [(sight.timeframe, sight.split) for sight in found] == [
        ("1h", "train"),
        ("4h", "train"),
        ("1h", "all, recorded"),
    ]


def test_numbers_of_something_else_are_starred_and_not_compared():
    recorded = cells({"return_pct": 99.0}, split="all", recorded=True)
    three = [*cells({"return_pct": 1.0}, {"return_pct": 2.0}), *recorded]
    columns = side_by_side.columns(three, TRAIN)
    assert [column.alike for column in columns] == [True, True, False]
    assert side_by_side.column_name(columns[2]) == "Cell 1 *"
    assert row(three[:2], "Return") == ["1.00 %", f"{BEST}2.00 %"]


def test_in_place_of_missing_numbers_stand_the_first_that_were_evaluated():
    recorded, evaluated = a_phenotype(split="all", recorded=True), a_phenotype(split="all")
    both = a_cell(phenotypes=(recorded, evaluated))
    assert side_by_side.columns([both], TRAIN)[0].phenotype == evaluated
    assert side_by_side.columns([a_cell(phenotypes=(recorded,))], TRAIN)[0].phenotype == recorded


def test_another_span_is_something_else():
    longer = cells({"return_pct": 9.0}, end_s=1_735_862_400)
    columns = side_by_side.columns([*cells({"return_pct": 1.0}, {"return_pct": 2.0}), *longer], TRAIN)
    assert [column.alike for column in columns] == [True, True, False]


def test_a_cell_without_numbers_has_an_empty_column():
    assert row([*cells({"trades": 3.0}), a_cell(cell_id=9)], "Trades") == ["3", "–"]


def test_terms_that_differ_are_named():
    same, dear = {"fee_bps": 40.0, "size": 1.0}, {"fee_bps": 80.0, "size": 1.0}
    rows = [a_phenotype(execution=terms) for terms in (same, same, dear)]
    assert side_by_side.differing_terms(rows) == ["fee_bps"]
    assert side_by_side.differing_terms(rows[:2]) == []


@pytest.fixture(scope="module")
def market():
    return synthetic_candles(400, "1h", seed=1)


def run(candles, genome=GENOME):
    return backtest(parse(genome), Columns(candles))


def test_on_one_span_every_line_is_the_equity_from_100(market):
    results = {3: run(market), 7: run(market, "IF DELTA(0) > DELTA(9) THEN BUY ELSE SELL")}
    drawn = side_by_side.on_one_axis(results)
    assert (len(drawn.time), drawn.cut) == (400, False)
    for number, result in results.items():
        np.testing.assert_allclose(drawn.lines[number], result.simulation.equity / 10)  # 1,000 at the start


def test_of_different_spans_what_they_share_is_drawn_and_starts_at_100(market):
    start_s, end_s = int(market.time_s[100]), int(market.time_s[300])
    results = {3: run(market), 7: run(market.between(start_s, int(market.end_s[-1])))}
    results[9] = run(market.between(int(market.time_s[0]), end_s))
    drawn = side_by_side.on_one_axis(results)
    assert (len(drawn.time), drawn.cut) == (200, True)
    assert [line[0] for line in (*drawn.lines.values(), drawn.buy_hold)] == [100, 100, 100, 100]


def test_spans_without_a_common_time_have_no_axis(market):
    middle_s = int(market.time_s[200])
    halves = (
        market.between(int(market.time_s[0]), middle_s),
        market.between(middle_s, int(market.end_s[-1])),
    )
    assert side_by_side.on_one_axis(dict(enumerate(map(run, halves)))) is None
