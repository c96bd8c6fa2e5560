"""Candles of a file: the upload, a look at what it holds, and the import as work beside the pages."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from evotrade import timeframes
from evotrade.errors import EvotradeError
from evotrade.lab.candles import candle_file, import_file
from evotrade.market.files import CandleFile
from evotrade.market.gaps import gaps
from evotrade.ui import reads
from evotrade.ui.formats import counted
from evotrade.ui.market import work
from evotrade.ui.market.reads import Held
from evotrade.ui.market.table import address
from evotrade.ui.market.work import Done, Work
from evotrade.ui.text import as_markdown, facts, sentence

KIND = "import"
LARGEST_MB = 100
REFUSED_SHOWN = 100

_FILE, _PAIR, _INTERVAL, _SKIP = "candle file", "file pair", "file interval", "skip refused rows"
_KEPT_S, _FILES = 600, 2
_ROW_PX, _ROWS = 28, 9


def panel(close: Callable[[], None]) -> None:
    """Upload, preview and import; `close` closes the panel."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pair = st.text_input("Pair", max_chars=30, placeholder="From the file's name", key=_PAIR, width=190)
        interval = st.selectbox(
            "Interval", tuple(timeframes.SECONDS), None, placeholder="From the file", key=_INTERVAL, width=150
        )
    uploaded = st.file_uploader(
        "Candle file",
        ("csv", "parquet", "txt"),
        key=_FILE,
        max_upload_size=LARGEST_MB,
        label_visibility="collapsed",
    )
    if uploaded is None:
        st.caption(
            f"A CSV or Parquet file, or one of Kraken's OHLCVT archive such as XBTUSD_60.csv, of up to "
            f"{LARGEST_MB} MB. For a larger one type `evotrade import-candles FILE` in a terminal."
        )
        return
    with st.spinner(f"Reading {as_markdown(uploaded.name)} …", show_time=True):
        file = _read(uploaded.getvalue(), uploaded.file_id, uploaded.name, interval, pair.strip() or None)
    if isinstance(file, EvotradeError):
        st.error(sentence(file), icon=":material/error:")
        return
    _preview(file)
    _offer(file, uploaded, close)


# A resource, since a copy of a million bars for every run of the page would cost more than reading them.
# The error is a result like any other: a file of 100 MB is not read again to hear it again.
@st.cache_resource(ttl=_KEPT_S, max_entries=_FILES, show_spinner=False)
def _read(
    _content: bytes, file_id: str, name: str, timeframe: str | None, pair: str | None
) -> CandleFile | EvotradeError:
    try:
        return candle_file(_content, name, timeframe, pair)
    except EvotradeError as error:
        return error


def _preview(file: CandleFile) -> None:
    candles, held = file.candles, Held.of(file.candles)
    facts(
        [
            ("Pair", candles.pair or "not said"),
            ("Interval", candles.timeframe),
            ("Bars", f"{len(candles):,}"),
            ("First bar, UTC", f"{candles.timestamp[0]:%Y-%m-%d %H:%M}"),
            ("Last bar, UTC", f"{candles.timestamp[-1]:%Y-%m-%d %H:%M}"),
            ("Coverage", f"{held.coverage_pct:.2f} %"),
            ("Gaps", f"{len(gaps(candles)):,}"),
            ("Missing bars", f"{held.missing_bars:,}"),
        ]
    )
    if file.newest_first:
        st.caption("The file has its newest row first; it was turned round.")
    if file.without_trades:
        st.caption(f"{counted(file.without_trades, 'bar')} without trades left out.")
    if file.refused:
        _refused(file)


def _refused(file: CandleFile) -> None:
    shown = file.refused[:REFUSED_SHOWN]
    more = f", the first {len(shown)} of them" if len(file.refused) > len(shown) else ""
    st.markdown(f"**{counted(len(file.refused), 'row')} cannot be used**{more}:")
    st.dataframe(
        pd.DataFrame({"Line": [row.line for row in shown], "Reason": [row.reason for row in shown]}),
        hide_index=True,
        height="content" if len(shown) < _ROWS else _ROW_PX * _ROWS,
        row_height=_ROW_PX,
        column_config={"Line": st.column_config.NumberColumn(format="%d", width=80)},
        alt="Rows of the file that cannot be used, with the reason",
    )


def _offer(file: CandleFile, uploaded: UploadedFile, close: Callable[[], None]) -> None:
    skip = not file.refused or st.checkbox(
        f"Skip {counted(len(file.refused), 'row')}, and import the others", key=f"{_SKIP} {uploaded.file_id}"
    )
    if not file.candles.pair:
        st.caption(
            ":material/edit: The name of the file does not say its pair: write it above, like BTC/USD."
        )
    elif not skip:
        st.caption(":material/edit: Mend the file and upload it again, or skip these rows.")
    st.button(
        f"Import {counted(len(file.candles), 'bar')}",
        icon=":material/database_upload:",
        disabled=not (skip and file.candles.pair) or work.is_running(KIND),
        on_click=_begin,
        args=(file, uploaded.name, close),
    )


def _begin(file: CandleFile, name: str, close: Callable[[], None]) -> None:
    work.begin(KIND, import_work(file, name))
    close()


def import_work(file: CandleFile, name: str) -> Work:
    """The import of a file's candles as work not yet begun."""
    store = reads.store()

    def task(own: Work) -> Done:
        brought = import_file(file, name, store=store, progress=own.progress)
        candles = file.candles
        counts = [
            f"{counted(brought.new_bars, 'bar')} new or corrected",
            f"{brought.known_bars:,} known already",
            *([f"{counted(len(file.refused), 'row')} skipped"] if file.refused else []),
        ]
        said = f"Imported {name} as {candles.pair} {candles.timeframe}: {', '.join(counts)}."
        return Done(said, address(candles))

    return Work(f"{name} as {file.candles.pair} {file.candles.timeframe}", task)
