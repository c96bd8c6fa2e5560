"""The simulator as the text of its table says, one bar after the other: slow, plain, independent."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from evotrade.engine.execution import DAYS, Execution, Instrument, Limits, TradingHours
from evotrade.engine.fills import round_price, round_quantity
from evotrade.market.candles import Candles

HOUR_S, DAY_S = 3_600, 86_400


class Trader:
    """Walks through candles of four hours, or any other, with one position at most."""

    def __init__(self, decisions, candles, execution, detail=None):
        self.decisions, self.candles, self.terms, self.detail = decisions.tolist(), candles, execution, detail
        self.limits = execution.limits
        self.cash, self.quantity = execution.initial, 0.0
        self.fills, self.equity, self.held = [], [], []
        self.halted, self.refused = None, 0
        self.loss_bar, self.entries = None, {}
        self.peak = self.day_start = execution.initial
        for bar in range(len(candles)):
            self.live_through(bar)

    def live_through(self, bar):
        candles, terms = self.candles, self.terms
        start_s, end_s = int(candles.time_s[bar]), int(candles.end_s[bar])
        open_, close = float(candles.open[bar]), float(candles.close[bar])
        if self.halted is None and terms.fill == "next_open" and bar:
            self.follow(self.decisions[bar - 1], bar, start_s, open_)
        elif self.halted and self.quantity and self.halted[0] == bar - 1:
            self.sell(bar, start_s, open_, self.halted[1])
        if self.quantity and self.halted is None:
            self.protect(bar)
        if terms.fill == "close" and self.halted is None:
            self.follow(self.decisions[bar], bar, end_s, close)
        sold_at_end = terms.close_at_end and bar == len(candles) - 1 and self.quantity > 0
        if sold_at_end:
            self.sell(bar, end_s, close, "end")
        self.mark(bar, close, sold_at_end)

    def follow(self, decision, bar, time_s, price):
        if decision == 1 and not self.quantity and self.may_enter(bar, time_s):
            self.buy(bar, time_s, price)
        elif decision == -1 and self.quantity:
            self.sell(bar, time_s, price, "signal")

    def may_enter(self, bar, time_s):
        limits = self.limits
        cooling = limits.cool_down_bars and self.loss_bar is not None
        if cooling and bar <= self.loss_bar + limits.cool_down_bars:
            return False
        if limits.trading_hours and not inside_hours(time_s, limits.trading_hours):
            return False
        most = limits.max_trades_per_day
        return most is None or self.entries.get(time_s // DAY_S, 0) < most

    def buy(self, bar, time_s, quoted):
        terms, rule, fee_rate = self.terms, self.terms.instrument, self.terms.fee_bps * 1e-4
        price = quoted * (1 + (terms.slippage_bps + terms.spread_bps / 2) * 1e-4)
        price = round_price(price, rule.tick_size, up=True) if rule else price
        spend = self.cash * terms.size
        if terms.fee_on == "top":
            quantity = spend / (price * (1 + fee_rate))
            fee = quantity * price * fee_rate
        else:
            quantity = spend * (1 - fee_rate) / price
            fee = spend * fee_rate
        if rule:
            quantity = round_quantity(quantity, rule.lot_decimals)
            if quantity == 0 or quantity < rule.order_min or quantity * price < rule.cost_min:
                self.refused += 1
                return
            fee = quantity * price * fee_rate / (1 if terms.fee_on == "top" else 1 - fee_rate)
            spend = quantity * price + fee
        self.cash, self.quantity, self.spent = self.cash - spend, quantity, spend
        self.entry, self.top = price, price
        self.entries[time_s // DAY_S] = self.entries.get(time_s // DAY_S, 0) + 1
        self.fills.append((bar, time_s, 1, price, quantity, fee, 0.0, "signal"))

    def sell(self, bar, time_s, quoted, reason):
        terms = self.terms
        price = quoted * (1 - (terms.slippage_bps + terms.spread_bps / 2) * 1e-4)
        price = round_price(price, terms.instrument.tick_size, up=False) if terms.instrument else price
        fee = self.quantity * price * (terms.fee_bps * 1e-4)
        proceeds = self.quantity * price - fee
        pnl = proceeds - self.spent
        self.fills.append((bar, time_s, -1, price, self.quantity, fee, pnl, reason))
        self.cash, self.quantity = self.cash + proceeds, 0.0
        self.loss_bar = bar if pnl < 0 else self.loss_bar

    def protect(self, bar):
        limits = self.limits
        for time_s, open_, high, low in self.inside(bar):
            levels = []
            if limits.stop_loss_pct:
                levels.append((self.entry * (1 - limits.stop_loss_pct / 100), "stop_loss"))
            if limits.trailing_stop_pct:
                levels.append((self.top * (1 - limits.trailing_stop_pct / 100), "trailing_stop"))
            level, reason = max(levels, key=lambda pair: pair[0], default=(0, ""))
            if low <= level:
                return self.sell(bar, time_s, min(level, open_), reason)
            target = self.entry * (1 + limits.take_profit_pct / 100) if limits.take_profit_pct else np.inf
            if high >= target:
                return self.sell(bar, time_s, max(target, open_), "take_profit")
            self.top = max(self.top, high)
        return None

    def inside(self, bar):
        """The bar as (time, open, high, low), or the finer bars that make it."""
        start_s, end_s = self.candles.time_s[bar], self.candles.end_s[bar]
        rows = [row for row in rows_of(self.detail) if start_s <= row[0] < end_s] if self.detail else []
        if not rows or self.detail.time_s[0] > start_s or self.detail.end_s[-1] < end_s:
            return [rows_of(self.candles)[bar]]
        return rows

    def mark(self, bar, close, sold_at_end):
        equity = self.cash + self.quantity * close
        new_day = bar and self.candles.time_s[bar] // DAY_S != self.candles.time_s[bar - 1] // DAY_S
        self.day_start = self.equity[-1] if new_day else self.day_start
        self.peak = max(self.peak, equity)
        self.equity.append(equity)
        self.held.append(self.quantity > 0 or sold_at_end)
        drawdown, loss = self.limits.max_drawdown_pct, self.limits.max_daily_loss_pct
        if self.halted is None and drawdown and equity <= self.peak * (1 - drawdown / 100):
            self.halted = (bar, "max_drawdown")
        elif self.halted is None and loss and equity <= self.day_start * (1 - loss / 100):
            self.halted = (bar, "daily_loss")


def rows_of(candles):
    columns = (candles.time_s, candles.open, candles.high, candles.low)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def inside_hours(time_s, hours):
    local = datetime.fromtimestamp(time_s, UTC).astimezone(ZoneInfo(hours.zone))
    clock, today, yesterday = f"{local:%H:%M}", DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if hours.start < hours.end:
        return today in hours.days and hours.start <= clock < hours.end
    return (today in hours.days and clock >= hours.start) or (yesterday in hours.days and clock < hours.end)


@st.composite
def markets(draw, max_bars=60):
    """(candles of 4 hours, the same market in hours with bars missing) of a random walk with gaps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    bars = draw(st.integers(1, max_bars))
    step = draw(st.sampled_from([0.001, 0.01, 0.05]))
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, step, 4 * bars))), 2)
    open_ = np.round(np.append(100, close[:-1]) * np.exp(rng.normal(0, step / 4, 4 * bars)), 2)
    high = np.round(np.maximum(open_, close) * (1 + step * rng.random(4 * bars)), 2)
    low = np.round(np.minimum(open_, close) * (1 - step * rng.random(4 * bars)), 2)
    starts_s = 1_600_012_800 + 4 * HOUR_S * np.cumsum(rng.choice([1, 1, 1, 2, 7], bars))
    hours_s = (starts_s[:, None] + HOUR_S * np.arange(4)).ravel()
    ones = np.ones(4 * bars)
    quarters = [column.reshape(bars, 4) for column in (open_, high, low, close)]
    coarse = quarters[0][:, 0], quarters[1].max(1), quarters[2].min(1), quarters[3][:, 3]
    candles = Candles(starts_s, *coarse, ones[:bars], ones[:bars], "4h")
    kept = np.flatnonzero(rng.random(4 * bars) < draw(st.sampled_from([0.2, 0.9, 1])))
    fine = (column[kept] for column in (hours_s, open_, high, low, close, ones, ones))
    return candles, Candles(*fine, "1h")


def decisions(bars):
    """(n,) decisions, mostly in runs."""
    seeds = st.integers(0, 2**32).map(np.random.default_rng)
    runs = seeds.map(
        lambda rng: np.repeat(rng.choice([-1, 0, 1], bars), rng.choice([1, 1, 2, 9], bars))[:bars]
    )
    return runs.map(lambda row: row.astype(np.int8))


_percents = st.none() | st.sampled_from([0.5, 2.0, 5.0, 20.0])
limits = st.builds(
    Limits,
    stop_loss_pct=_percents,
    trailing_stop_pct=_percents,
    take_profit_pct=_percents,
    max_drawdown_pct=_percents,
    max_daily_loss_pct=_percents,
    max_trades_per_day=st.none() | st.integers(1, 3),
    trading_hours=st.none()
    | st.builds(
        TradingHours,
        days=st.just(DAYS) | st.just(("mon", "wed", "sun")),
        start=st.sampled_from(["00:00", "06:30", "20:00"]),
        end=st.sampled_from(["00:00", "12:00", "20:00"]),
        zone=st.sampled_from(["UTC", "America/New_York"]),
    ),
    cool_down_bars=st.sampled_from([0, 0, 1, 5]),
)
instruments = st.builds(
    Instrument,
    tick_size=st.sampled_from([0.0, 0.01, 0.5]),
    lot_decimals=st.sampled_from([8, 2, 0]),
    order_min=st.sampled_from([0.0, 9.0]),
    cost_min=st.sampled_from([0.0, 900.0]),
)
executions = st.builds(
    Execution,
    fee_bps=st.sampled_from([0.0, 4.5, 40.0]),
    slippage_bps=st.sampled_from([0.0, 3.0]),
    spread_bps=st.sampled_from([0.0, 10.0]),
    fill=st.sampled_from(["next_open", "close"]),
    fee_on=st.sampled_from(["top", "notional"]),
    close_at_end=st.booleans(),
    size=st.sampled_from([1.0, 0.3]),
    limits=limits | st.just(Limits()),
    instrument=st.none() | instruments,
)
