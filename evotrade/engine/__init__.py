"""From candles and a genome to decisions, fills, equity and metrics; no I/O."""

ENGINE_VERSION = "2"
"""Stored with every result; raised whenever a number may come out differently."""
