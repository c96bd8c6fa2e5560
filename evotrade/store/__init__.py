"""The store: one DuckDB file, its lock, its schema, and all SQL."""

from evotrade.store.store import Store, open_store

__all__ = ["Store", "open_store"]
