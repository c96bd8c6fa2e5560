"""System: how the daemon, its jobs and the store are, what people were told, and the settings in force."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from evotrade.errors import EvotradeError
from evotrade.settings import Settings, load_settings
from evotrade.ui.desk import reads, strip, words
from evotrade.ui.desk.access import check_access
from evotrade.ui.desk.reads import JSON, Snapshot
from evotrade.ui.formats import NO_VALUE, duration
from evotrade.ui.text import facts, sentence

_EVERY_S = 2.0
_ROW_PX, _MOST_ROWS = 28, 12
_UNITS = ("B", "kB", "MB", "GB", "TB")
_HIDDEN = "hidden"
_SECRETS = ("alert_urls",)
_COUNTED_OF = {"market_": "Exchange", "writer_": "Store"}
_LEVELS = {"info": "🔵 info", "warning": "🟠 warning", "failure": "🔴 failure"}


def show() -> None:
    """The page: what changes in a fragment of its own, then the settings."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("System", width="content", anchor=False)
    st.fragment(_daemon, run_every=_EVERY_S)()
    _store()
    _settings()


def _daemon() -> None:
    desk = reads.snapshot()
    strip.show(desk)
    strip.say_trouble(desk, time.time())
    if desk.health is None:
        return
    _facts(desk, desk.health)
    with st.grid(2, min_column_width=420):
        with st.container():
            _jobs(desk.health)
        with st.container():
            _counters(desk.health["counters"])
    _alerts(desk)


def _facts(desk: Snapshot, health: JSON) -> None:
    running = ", ".join(f"{count} {name}" for name, count in sorted(health["sessions"].items())) or "none"
    facts(
        [
            ("All is well", "yes" if health["ok"] and not desk.trouble else "no"),
            ("Process", f"{health['pid']}"),
            ("Version", health["version"]),
            ("Address", reads.address().partition("//")[2]),
            ("Started", words.moment(health["started_at"])),
            ("Exchange", health["exchange"]),
            ("Heard from it", f"{words.age(desk.age_s)} ago" if desk.age_s is not None else "never"),
            ("Feed", "flows" if health["feed_ok"] else health["feed_reason"] or "no prices"),
            ("Sessions", running),
            ("Not stored yet", f"{health['outbox_backlog']:,}"),
        ]
    )


def _jobs(health: JSON) -> None:
    st.subheader("Jobs", anchor=False)
    if not health["jobs"]:
        st.caption("The daemon has no jobs yet.")
        return
    rows = [_job(row) for row in health["jobs"]]
    if not any(row["Last error"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "Last error"} for row in rows]
    _frame(rows, "Jobs of the daemon")


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    every_s, took_s = row.get("every_s"), row.get("last_took_s")
    return {
        "Job": str(row.get("name", "")),
        "Every": NO_VALUE if every_s is None else duration(every_s),
        "Runs": row.get("runs"),
        "Failed": row.get("failures"),
        "Took": NO_VALUE if took_s is None else f"{1_000 * took_s:,.0f} ms",
        "Last run": words.moment(row.get("last_at")),
        "Last error": row.get("last_error") or "",
    }


def _counters(counters: Mapping[str, float | None]) -> None:
    st.subheader("Counters", anchor=False)
    if not counters:
        st.caption("Nothing has been counted yet.")
        return
    rows = [(*_counted(name), value) for name, value in counters.items()]
    _frame(
        [
            {
                "Of": what,
                "Since the daemon's start": name,
                "Count": NO_VALUE if value is None else f"{value:,g}",
            }
            for what, name, value in sorted(rows, key=lambda row: (not row[2], row[0], row[1]))
        ],
        "Counters of the daemon, zeros last",
    )


def _counted(name: str) -> tuple[str, str]:
    """What a counter is about, and its name: the market's tell of connections and of rate limits."""
    for prefix, what in _COUNTED_OF.items():
        if name.startswith(prefix):
            return what, name.removeprefix(prefix).replace("_", " ")
    return "Desk", name.replace("_", " ")


def _alerts(desk: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Alerts", anchor=False, width="content")
        st.space("stretch")
        test = st.button(
            "Send a test alert",
            icon=":material/notifications:",
            key="test alert",
            disabled=bool(desk.trouble),
        )
    if test:
        _test_alert()
    try:
        told = reads.alerts()
    except EvotradeError:
        return  # that the daemon is away stands above
    if not told:
        st.caption("Nobody had to be told anything yet.")
        return
    _frame(
        [
            {
                "Time": words.moment(row["at"]),
                "Level": _LEVELS.get(row["level"], row["level"]),
                "Session": row["session_id"],
                "Text": row["text"],
            }
            for row in told
        ],
        "Alerts, the newest first",
    )


def _test_alert() -> None:
    try:
        check_access()
        reads.client().test_alert()
    except EvotradeError as error:
        st.warning(sentence(error), icon=":material/notifications_off:")
    else:
        st.success("A test alert was sent by every configured way.", icon=":material/check:")


def _frame(rows: list[dict[str, Any]], alt: str) -> None:
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content" if len(rows) < _MOST_ROWS else _ROW_PX * _MOST_ROWS,
        row_height=_ROW_PX,
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "Session": st.column_config.NumberColumn(format="%d", width=65),
            "Last run": st.column_config.TextColumn(width=160),
            "Last error": st.column_config.TextColumn(width="large"),
            "Count": st.column_config.TextColumn(alignment="right"),
        },
        placeholder=NO_VALUE,
        alt=alt,
    )


def _store() -> None:
    path = load_settings().store
    st.subheader("Store", anchor=False)
    facts([("File", str(path.resolve())), ("Size", size(path)), ("Waits to be merged", size(_log_of(path)))])


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def size(path: Path) -> str:
    """How large a file is; "0 B" where there is none."""
    try:
        left = float(path.stat().st_size)
    except FileNotFoundError:
        left = 0.0
    for unit in _UNITS[:-1]:
        if left < 1_000:
            return f"{left:.0f} {unit}" if unit == "B" else f"{left:.1f} {unit}"
        left /= 1_000
    return f"{left:.1f} {_UNITS[-1]}"


def _settings() -> None:
    st.subheader("Settings in force", anchor=False)
    st.caption("From `EVOTRADE_…` in the environment and from `evotrade.toml`; secrets are hidden.")
    rows = [{"Setting": name, "Value": value} for name, value in settings_shown(load_settings())]
    _frame(rows, "Settings in force")


def settings_shown(settings: Settings) -> list[tuple[str, str]]:
    """Names and values of all settings, what is secret left out."""
    rows = []
    for name, value in settings.model_dump(mode="json").items():
        if name in _SECRETS:
            rows.append((name, f"{len(value)} {_HIDDEN}" if value else "none"))
        elif isinstance(value, dict):
            rows += [(f"{name}.{part}", str(inner)) for part, inner in value.items()]
        else:
            rows.append((name, NO_VALUE if value is None else str(value)))
    return rows
