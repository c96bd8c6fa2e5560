"""The DuckDB file: lock, migrations and all SQL."""
