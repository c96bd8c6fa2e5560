"""Kraken, as a client sees it."""
