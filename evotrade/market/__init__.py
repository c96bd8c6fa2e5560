"""Candles: their contract, files, timeframes, gaps and synthetic markets."""
