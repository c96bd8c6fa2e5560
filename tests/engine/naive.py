"""The meaning of a genome once more, one bar and one Python float at a time, straight from the text of
dsl.md. It shares nothing with the engine but the tree and the resampled bars."""

import math

import numpy as np

from evotrade.genome import tree
from evotrade.market.resample import resample

NAN = math.nan
COLUMNS = {
    "ALPHA": "open",
    "BETA": "high",
    "GAMMA": "low",
    "DELTA": "close",
    "EPSILON": "volume",
    "ZETA": "trades",
    "OMEGA": "funding_rate",
    "PSI": "open_interest",
}


def divide(a, b):
    return NAN if b == 0 else a / b


def larger(*values):
    return NAN if any(math.isnan(x) for x in values) else max(values)


def smaller(*values):
    return NAN if any(math.isnan(x) for x in values) else min(values)


def bits(values):
    """Comparable to the last bit; all NaN are one, both zeros are one: nothing in the language parts them."""
    values = np.asarray(values, dtype=np.float64) + 0.0
    return np.where(np.isnan(values), np.nan, values).view(np.int64).tolist()


def split(window):
    """The pieces of a window given oldest first: sizes fall by powers of two, the newest in the largest."""
    pieces, end = [], len(window)
    while end:
        size = 2 ** int(math.log2(end))
        pieces.append(window[end - size : end])
        end -= size
    return pieces


def piece_sum(piece):
    half = len(piece) // 2
    return piece_sum(piece[half:]) + piece_sum(piece[:half]) if half else piece[0]


def dyadic_sum(window):
    first, *rest = (piece_sum(piece) for piece in split(window))
    for total in rest:
        first = first + total
    return first


def clamp(value, window):
    return larger(smaller(value, larger(*window)), smaller(*window))


def mean(window, n):
    return clamp(dyadic_sum(window) / len(window), window)


def piece_m2(piece):
    half = len(piece) // 2
    if not half:
        return 0.0
    difference = piece_sum(piece[half:]) - piece_sum(piece[:half])
    return piece_m2(piece[half:]) + piece_m2(piece[:half]) + difference * difference / (2 * half)


def std(window, n):
    if any(math.isnan(x) for x in window):
        return NAN
    if max(window) == min(window):
        return 0.0
    first, *rest = split(window)
    na, sa, m2a = len(first), piece_sum(first), piece_m2(first)
    for piece in rest:
        nb, sb = len(piece), piece_sum(piece)
        d = sb / nb - sa / na
        m2a = m2a + piece_m2(piece) + d * d * (na * nb / (na + nb))
        sa, na = sa + sb, na + nb
    return math.sqrt(m2a / n)


def power(r, exponent):
    """r to a power of two, by repeated squaring."""
    return r if exponent == 1 else power(r, exponent // 2) * power(r, exponent // 2)


def piece_ema(piece, r):
    half = len(piece) // 2
    return piece_ema(piece[half:], r) + power(r, half) * piece_ema(piece[:half], r) if half else piece[0]


def ema_sum(window, r):
    first, *rest = split(window)
    total, weight = piece_ema(first, r), power(r, len(first))
    for piece in rest:
        total = total + weight * piece_ema(piece, r)
        weight = weight * power(r, len(piece))
    return total


def ema(window, n):
    r = 1 - 2 / (n + 1)
    return clamp(ema_sum(window, r) / ema_sum([1.0] * len(window), r), window)


def rsi(window, n):
    changes = list(zip(window[1:], window, strict=False))
    gains = dyadic_sum([larger(now - before, 0.0) for now, before in changes])
    losses = dyadic_sum([larger(before - now, 0.0) for now, before in changes])
    return 50.0 if gains + losses == 0 else 100 * gains / (gains + losses)


FUNCTIONS = {  # bars that a window of n looks at, and its value from them, oldest first
    "SUM": (lambda n: n, lambda window, n: dyadic_sum(window)),
    "AVG": (lambda n: n, mean),
    "MAX": (lambda n: n, lambda window, n: larger(*window)),
    "MIN": (lambda n: n, lambda window, n: smaller(*window)),
    "STD": (lambda n: n, std),
    "EMA": (lambda n: 4 * n, ema),
    "LAG": (lambda n: n + 1, lambda window, n: window[0]),
    "RSI": (lambda n: n + 1, rsi),
}
COMPARE = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b and not math.isnan(a) and not math.isnan(b),
}
ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divide,
    "HIGHER": larger,
    "LOWER": smaller,
}


class Naive:
    """A genome's values on candles, bar by bar."""

    def __init__(self, candles):
        self.base = candles.timeframe
        self.candles = {self.base: candles}
        self.known = {}

    def bars(self, timeframe):
        if timeframe not in self.candles:
            self.candles[timeframe] = resample(self.candles[self.base], timeframe)
        return self.candles[timeframe]

    def number(self, node, timeframe, bar):
        """Value of an expression at a bar of a timeframe; before the first bar there is none."""
        if bar < 0:
            return NAN
        key = (node, timeframe, bar)
        if key not in self.known:
            self.known[key] = self._number(node, timeframe, bar)
        return self.known[key]

    def _number(self, node, timeframe, bar):
        suffix = (getattr(node, "timeframe", None) or timeframe).lower()
        if suffix != timeframe:
            end_s = self.bars(timeframe).end_s[bar]
            bar, timeframe = int(sum(self.bars(suffix).end_s <= end_s)) - 1, suffix
        if isinstance(node, tree.Number):
            return node.value
        if isinstance(node, tree.Symbol):
            return self._column(node.name, timeframe, bar - node.lag)
        if isinstance(node, tree.Window):
            return self._window(node, timeframe, bar)
        numbers = [self.number(child, timeframe, bar) for child in node.children]
        if isinstance(node, tree.Unary):
            return abs(numbers[0]) if node.operator == "ABS" else -numbers[0]
        return ARITHMETIC[node.operator](*numbers)

    def _window(self, node, timeframe, bar):
        reach, function = FUNCTIONS[node.function]
        first = bar - reach(node.bars) + 1
        window = [self.number(node.argument, timeframe, each) for each in range(max(first, 0), bar + 1)]
        return NAN if first < 0 else function(window, node.bars)

    def _column(self, name, timeframe, bar):
        candles = self.bars(timeframe)
        if bar < (1 if name == "THETA" else 0):
            return NAN
        if name == "THETA":
            high, low, before = (
                float(x) for x in (candles.high[bar], candles.low[bar], candles.close[bar - 1])
            )
            return max(high - low, abs(high - before), abs(low - before))
        column = getattr(candles, COLUMNS[name])
        return 0.0 if column is None else float(column[bar])

    def truth(self, node, bar):
        """Whether a condition holds at a base bar."""
        if isinstance(node, tree.Not):
            return not self.truth(node.operand, bar)
        if isinstance(node, tree.Logical):
            left, right = self.truth(node.left, bar), self.truth(node.right, bar)
            return (left and right) if node.operator == "AND" else (left or right)
        return COMPARE[node.operator](*(self.number(side, self.base, bar) for side in node.children))

    def decision(self, genome, bar, combine):
        """1, 0 or -1 at a base bar."""
        if bar < genome.lookback(self.base):
            return 0
        actions = [rule.then if self.truth(rule.condition, bar) else rule.otherwise for rule in genome.rules]
        buys, sells, holds = (actions.count(action) for action in ("BUY", "SELL", "HOLD"))
        if combine == "votes":
            return (buys > sells) - (sells > buys)
        if combine == "majority":
            return (buys > max(sells, holds)) - (sells > max(buys, holds))
        if combine == "unanimous" and len(set(actions)) > 1:
            return 0
        return {"BUY": 1, "SELL": -1, "HOLD": 0}[actions[0]]
