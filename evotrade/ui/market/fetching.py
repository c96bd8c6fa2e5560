"""Candles from Kraken: what to fetch, and the fetch as work beside the pages."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import streamlit as st

from evotrade import timeframes
from evotrade.errors import SettingsError
from evotrade.lab.candles import fetch_candles
from evotrade.market.pairs import pair_name
from evotrade.settings import load_settings
from evotrade.ui import reads
from evotrade.ui.market import work
from evotrade.ui.market.reads import Held
from evotrade.ui.market.table import address
from evotrade.ui.market.work import Done, Work

KIND = "fetch"

_FIRST_DAY = date(2013, 9, 1)  # no market of Kraken is older
_INTERVALS = tuple(timeframes.SECONDS)


def panel(series: Held | None) -> None:
    """What to fetch: that of the series in view, one from Kraken from its last day on, unless changed."""
    pair = _pair(series)
    interval = series.timeframe if series else "1h"
    last_day = _last_day(series)
    # Other keys for other suggestions, or the fields would keep what they hold.
    keys = [
        f"fetch {name}"
        for name in (f"pair {pair}", f"interval {pair} {interval}", f"since {pair} {last_day}")
    ]
    with st.form("fetch", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Pair", pair, placeholder="BTC/USD", key=keys[0], width=160)
        st.selectbox("Interval", _INTERVALS, _INTERVALS.index(interval), key=keys[1], width=110)
        st.date_input(
            "Since, UTC",
            last_day,
            min_value=_FIRST_DAY,
            max_value=datetime.now(UTC).date(),
            key=keys[2],
            format="YYYY-MM-DD",
            width=150,
        )
        st.form_submit_button(
            "Fetch",
            icon=":material/cloud_download:",
            disabled=work.is_running(KIND),
            on_click=_begin,
            args=tuple(keys),
        )
    st.caption(
        "Without a day, Kraken's latest 720 bars. Older ones are made of its trades, 1,000 a second, which "
        "takes hours for a year of a busy market; what came is kept when you stop it."
    )


def _pair(series: Held | None) -> str:
    """The pair of the series, where it is one that Kraken could have."""
    if series is None or series.market.synthetic:
        return ""
    with suppress(SettingsError):
        return pair_name(series.pair)
    return ""


def _last_day(series: Held | None) -> date | None:
    """The day on which a series from Kraken ends, so that nothing lacks between it and what is fetched."""
    if series is None or series.source != "kraken":
        return None
    return max(_FIRST_DAY, min(datetime.fromtimestamp(series.last_s, UTC), datetime.now(UTC)).date())


def _begin(*keys: str) -> None:
    pair, interval, since = (st.session_state[key] for key in keys)
    work.begin(KIND, fetch_work(pair, interval, since))


def fetch_work(pair: str, interval: str, since: date | None) -> Work:
    """The fetch of all bars since a day, or of the latest ones, as work not yet begun."""
    store, url = reads.store(), load_settings().kraken_url
    start = None if since is None else datetime(since.year, since.month, since.day, tzinfo=UTC)

    def task(own: Work) -> Done:
        candles = fetch_candles(
            pair, interval, store, since=start, url=url, progress=own.progress, sleep=own.sleep
        )
        first, last = candles.timestamp[0], candles.timestamp[-1]
        return Done(
            f"Fetched {len(candles):,} bars of {candles.pair} {interval} from Kraken, "
            f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC.",
            address(candles),
        )

    return Work(f"{pair} {interval} from Kraken" + (f" since {since}" if since else ""), task)
