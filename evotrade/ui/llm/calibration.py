"""How good each model's ideas were: shares and costs, and what it expected against what was measured."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from evotrade.plots.calibration import calibration_figure
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.llm import reads

_CHART_PX, _ROW_PX = 380, 32
_METRICS = {"trades": "Trades", "win_rate_pct": "Win rate, %", "sharpe": "Sharpe"}
_SHARES = {
    "share_judged": "Parsed",
    "share_alive": "Alive",
    "share_trading": "Trading",
    "share_paying": "Paying",
}
_SHARE_HELP = {
    "Parsed": "Answers that held a genome which could be backtested",
    "Alive": "Of those backtested: alive by the viability rules",
    "Trading": "Of those backtested: traded where their fitness is measured",
    "Paying": "Of those backtested: fitness above 0, or above the parent's",
}


def show() -> None:
    """The tables and the chart."""
    models = reads.calibration()
    if models.empty:
        st.markdown("**No strategy was asked for yet:** what else models were asked is under *Asks*.")
        return
    _models(models)
    predictions = reads.predictions()
    if predictions.empty:
        st.markdown("**No answer could be backtested yet:** what was wrong with each is under *Asks*.")
        return
    with st.grid(2, min_column_width=420, gap="medium"):
        with st.container():
            st.subheader("Expected and measured", anchor=False)
            _expected(predictions)
        with st.container():
            _chart(predictions)


def _models(models: pd.DataFrame) -> None:
    shown = models[["model", "asks", "cells", "attempts"]].rename(
        columns={"model": "Model", "asks": "Asks", "cells": "Cells", "attempts": "Answers"}
    )
    for name, title in _SHARES.items():
        shown[title] = models[name] * 100
    shown["Median fitness"] = models["median_fitness"]
    shown["Tokens in"], shown["Tokens out"] = models["tokens_in"], models["tokens_out"]
    shown["Cost, USD"], shown["A cell, USD"] = models["cost_usd"], models["cost_usd_per_cell"]
    shown["An answer, s"] = models["seconds_per_attempt"]
    config: dict[str, Any] = {
        "Model": st.column_config.TextColumn(width=140, pinned=True),
        "Median fitness": st.column_config.NumberColumn(
            format="%.2f", width=90, help="In the objective's unit"
        ),
        "Asks": st.column_config.NumberColumn(width=45),
        "Cells": st.column_config.NumberColumn(width=45),
        "Answers": st.column_config.NumberColumn(width=60),
        "Tokens in": st.column_config.NumberColumn(format="localized", width=75),
        "Tokens out": st.column_config.NumberColumn(format="localized", width=75),
        "Cost, USD": st.column_config.NumberColumn(format="%.4f", width=75, help="Where the price is known"),
        "A cell, USD": st.column_config.NumberColumn(format="%.4f", width=80),
        "An answer, s": st.column_config.NumberColumn(format="%.1f", width=80),
    }
    for title, said in _SHARE_HELP.items():
        config[title] = st.column_config.ProgressColumn(
            format="%.0f %%", min_value=0, max_value=100, width=72, help=said
        )
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        row_height=_ROW_PX,
        placeholder="–",
        column_config=config,
        alt="Language models: what they were asked, how many of their answers live, what they cost",
    )


def _expected(predictions: pd.DataFrame) -> None:
    st.dataframe(
        expected_table(predictions),
        hide_index=True,
        height="content",
        row_height=_ROW_PX,
        placeholder="–",
        column_config={
            "Model": st.column_config.TextColumn(width=140),
            "Strategies": st.column_config.NumberColumn(width=75, help="Those for which both are known"),
            **{
                name: st.column_config.NumberColumn(format="%.2f", width=70, help=said)
                for name, said in (
                    ("Expected", "Mean of what the model said before"),
                    ("Measured", "Mean of what the backtest on train gave"),
                    ("Off by", "Mean of how far each was off, either way"),
                )
            },
        },
        alt="What models expected of their strategies, and what was measured",
    )
    st.caption("Means over all answers that were backtested, where the fitness is measured.")


def expected_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row a model and metric: how many strategies, means expected and measured, mean absolute miss."""
    rows = []
    for model, group in predictions.groupby("model", sort=True):
        for metric, title in _METRICS.items():
            known = group.dropna(subset=[metric, f"expected_{metric}"])
            expected, measured = known[f"expected_{metric}"], known[metric]
            numbers = (expected.mean(), measured.mean(), (measured - expected).abs().mean())
            rows.append((model, title, len(known), *numbers))
    names = ["Model", "Metric", "Strategies", "Expected", "Measured", "Off by"]
    return pd.DataFrame(rows, columns=names)


def _chart(predictions: pd.DataFrame) -> None:
    metric = st.segmented_control(
        "Metric",
        tuple(_METRICS),
        format_func=_METRICS.__getitem__,
        default="trades",
        required=True,
        key="metric",
        bind="query-params",
        label_visibility="collapsed",
    )
    chosen = metric or "trades"
    draw(
        calibration_figure(predictions, chosen, _METRICS[chosen], theme=theme_in_force()),
        key="calibration",
        height_px=_CHART_PX,
        alt=f"{_METRICS[chosen]} of each strategy as the model expected them, against those measured; on the "
        "dotted diagonal the model was right",
    )
