"""Candle files as a person would have them."""

from evotrade.market import synthetic_candles


def kraken_file(folder, bars, seed=2):
    """The path of a CSV of a small synthetic market, named as Kraken names its archive files."""
    path = folder / "XBTUSD_60.csv"
    frame = synthetic_candles(bars, "1h", seed=seed).frame
    frame.index = frame.index.as_unit("s").astype("int64")
    frame.to_csv(path)
    return path
