"""Who may act: this app has no login, so that only people at this machine may trade through it."""

from __future__ import annotations

from ipaddress import ip_address

import streamlit as st

from evotrade.errors import SettingsError


def check_access() -> None:
    """`SettingsError` where the app can be reached from other machines, by people whom nobody asked."""
    address = str(st.get_option("server.address") or "")
    if not _is_loopback(address):
        raise SettingsError(
            "this app can be reached from other machines and asks for no login, so it starts and stops "
            'nothing: set server.address = "127.0.0.1" in .streamlit/config.toml'
        )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
