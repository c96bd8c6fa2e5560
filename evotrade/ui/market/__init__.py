"""The Market data page: what candles there are, and how to get more."""
