"""Amounts, times and states of sessions as people read them; what the daemon told stays exact until here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from evotrade.plots.trades import price_decimals
from evotrade.ui.formats import NO_VALUE, duration
from evotrade.ui.text import shortened

Session = Mapping[str, Any]

SIGNS = {
    "initializing": "🔵",
    "running": "🟢",
    "degraded": "🟠",
    "halted": "🔴",
    "stopping": "🔵",
    "stopped": "⚪",
    "error": "🔴",
}
COLOURS = {
    "initializing": "blue",
    "running": "green",
    "degraded": "orange",
    "halted": "red",
    "stopping": "blue",
    "stopped": "gray",
    "error": "red",
}
_NO_SIGN = "⚪"
_NAME_LENGTH = 12
_CENTS = Decimal("0.00005")  # less than this is nothing with four decimals, too
_MEANT = {
    "initializing": "It checks and prepares.",
    "running": "It decides at each close, and trades.",
    "degraded": "Prices do not flow: no new entries, its stops are still watched.",
    "halted": "A limit struck, or a doubt arose: a person must look, then resume or stop it.",
    "stopping": "It sells what it holds and cancels its orders.",
    "stopped": "It is over.",
    "error": "Something failed: stop it, and look at its history.",
}


def status(name: str, *, known: bool = True) -> str:
    """A state with its sign, for tables; without colour where it is not known whether it still holds."""
    return f"{SIGNS.get(name, _NO_SIGN) if known else _NO_SIGN} {name}"


def meaning(name: str) -> str:
    """What a state is, in a sentence."""
    return _MEANT.get(name, "")


def names(session: Session) -> tuple[str, str]:
    """Base and quote currency of its pair, short enough for a unit."""
    base, _, quote = str(session["pair"]).partition("/")
    return shortened(base, _NAME_LENGTH), shortened(quote, _NAME_LENGTH)


def title(session: Session) -> str:
    """`cell 29 on BTC/USD 1h`."""
    return f"cell {session['cell_id']} on {session['pair']} {session['timeframe']}"


def purse(session: Session) -> str:
    """Whether it trades on paper."""
    return "paper" if session["dry_run"] else "REAL"


def money(amount: str | None, quote: str = "", *, signed: bool = False) -> str:
    """An amount of quote currency with two decimals, or more where it is small; a dash for None."""
    if amount is None:
        return NO_VALUE
    value = Decimal(amount)
    decimals = 4 if _CENTS < abs(value) < 1 else 2
    text = f"{value:{'+' if signed and value else ''},.{decimals}f} {quote}".strip()
    return text.replace("-", "−", 1)


def exact(amount: str, quote: str = "") -> str:
    """A signed amount with all its decimals, at least two, so that amounts which sum do so to the eye."""
    value = Decimal(amount).normalize()
    decimals = max(2, -int(value.as_tuple().exponent))
    return f"{value:{'+' if value else ''},.{decimals}f} {quote}".strip().replace("-", "−", 1)


def quantity(amount: str | None, base: str = "") -> str:
    """An amount of base currency, exact; a dash for None."""
    if amount is None:
        return NO_VALUE
    text = f"{Decimal(amount):,f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {base}".strip()


def price(value: str | float | None, quote: str = "") -> str:
    """A price with five digits; a dash for None."""
    if value is None:
        return NO_VALUE
    return f"{float(value):,.{price_decimals(float(value))}f} {quote}".strip()


def percent(amount: str | None, of: str) -> str:
    """`amount` in percent of `of`."""
    whole = Decimal(of)
    if amount is None or not whole:
        return NO_VALUE
    return f"{100 * Decimal(amount) / whole:+,.2f} %".replace("-", "−", 1)


def profit(session: Session) -> str | None:
    """Its final profit, or what it is now."""
    final: str | None = session["final_pnl"]
    current: str | None = session["current_pnl"]
    return current if final is None else final


def at(text: str | None) -> datetime | None:
    """A time that the daemon told."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def moment(text: str | None) -> str:
    """A time to the second, UTC."""
    time = at(text)
    return NO_VALUE if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def uptime_s(session: Session) -> float | None:
    """How long it has run or ran, in the exchange's time; None where no price has come yet."""
    start, end = at(session["start_time"]), at(session["end_time"] or session["price_at"])
    if start is None or end is None:
        return None
    return max((end - start).total_seconds(), 0.0)


def uptime(session: Session) -> str:
    """How long it has run or ran."""
    seconds = uptime_s(session)
    return NO_VALUE if seconds is None else duration(seconds)


def age(seconds: float | None) -> str:
    """An age, to tenths while it is fresh."""
    if seconds is None:
        return NO_VALUE
    return f"{seconds:.1f} s" if seconds < STEADY_S else duration(seconds)


STEADY_S = 3.0
"""Above this age tenths of seconds tell nothing."""


def limits(session: Session) -> str:
    """The risk limits in force, in a line; "" where there are none."""
    given = {name: value for name, value in session["limits"].items() if value}
    return ", ".join(_limit(name, value) for name, value in given.items())


def _limit(name: str, value: Any) -> str:
    if name == "trading_hours":
        days = " ".join(value.get("days", ()))
        return f"trades {days} {value.get('start')} to {value.get('end')} {value.get('zone')}"
    words = name.removesuffix("_pct").replace("_", " ")
    return f"{words} {value:g} %" if name.endswith("_pct") else f"{words} {value}"


EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Before anything that a session could have seen."""
