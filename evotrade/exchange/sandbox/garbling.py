"""Frames on their way out, spoilt as the faults want it."""

from __future__ import annotations

from decimal import Decimal

from evotrade.exchange.sandbox.faults import Faults
from evotrade.exchange.sandbox.frames import Frame, encode

_UNTOUCHED = ("heartbeat", "status")
_PRICES = ("bid", "ask", "last", "open", "high", "low", "close", "vwap", "price")
_PRICED = ("ticker", "ohlc", "trade", "book")


class Garbler:
    """Turns the frames of one connection into the texts that are sent, in their order."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._held: str | None = None  # a frame that goes out after the next one

    def texts(self, frame: Frame, now_s: float) -> list[str]:
        """What is sent for a frame: nothing in silence, otherwise mostly the frame itself."""
        channel = str(frame.get("channel", frame.get("method", "")))
        if self._faults.take("silence", channel, now_s):
            return []
        if channel in _UNTOUCHED:
            return [encode(frame)]
        text = self._spoilt(frame, channel, now_s)
        copies = 2 if self._faults.take("duplicate", channel, now_s) else 1
        held, self._held = self._held, None
        if held is None and self._faults.take("reorder", channel, now_s):
            self._held = text
            return []
        return [text] * copies + ([held] if held is not None else [])

    def _spoilt(self, frame: Frame, channel: str, now_s: float) -> str:
        if channel in _PRICED:
            fault = self._faults.take("absurd_price", channel, now_s)
            if fault is not None:
                frame = _with_prices(frame, Decimal(str(fault.factor)))
        if self._faults.take("unknown_field", channel, now_s):
            frame = _with_unknown_fields(frame)
        text = encode(frame)
        return text[: len(text) // 2] if self._faults.take("malformed", channel, now_s) else text


def _with_prices(frame: Frame, factor: Decimal) -> Frame:
    def absurd(item: Frame) -> Frame:
        return {key: value * factor if key in _PRICES else value for key, value in item.items()}

    return {**frame, "data": [absurd(item) for item in frame.get("data", [])]}


def _with_unknown_fields(frame: Frame) -> Frame:
    data = [{**item, "sandbox_field": {"of": ["no", "meaning"]}} for item in frame.get("data", [])]
    return {**frame, "sandbox_note": "nobody knows this field"} | ({"data": data} if data else {})
