"""Limits asked bar by bar say what the backtest's say of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.execution import Limits
from evotrade.engine.limits import first_strike
from evotrade.engine.session.guard import Guard

equities = st.lists(st.floats(50, 150), min_size=1, max_size=60)
percents = st.none() | st.floats(0.5, 60)


@given(equities, percents, percents, st.integers(1, 12))
def test_losses_strike_at_the_bar_at_which_the_backtest_ends(equity, drawdown, daily, hours):
    limits = Limits(max_drawdown_pct=drawdown, max_daily_loss_pct=daily)
    time_s = 1_600_000_000 + 3600 * hours * np.arange(len(equity))
    guard = Guard(limits, 100.0)
    strikes = [guard.strike(value, int(at)) for value, at in zip(equity, time_s, strict=True)]
    found = next(((bar, why) for bar, why in enumerate(strikes) if why), None)
    assert found == first_strike(np.array(equity), time_s, 100.0, limits)


@given(st.floats(1, 1e5), st.lists(st.floats(0.5, 2), min_size=1, max_size=30), percents, percents)
def test_the_stop_level_is_where_a_tick_closes_the_position(entry, moves, stop, trail):
    guard = Guard(Limits(stop_loss_pct=stop, trailing_stop_pct=trail), 100.0)
    guard.entered(0.0, entry)
    for price in [entry * move for move in moves]:
        level = guard.stop_level(entry)
        reason = guard.exit_at(entry, price)
        assert reason == (level[1] if level and price <= level[0] else None)
        guard.seen(price)
