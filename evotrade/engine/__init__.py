"""From candles and a genome to decisions, fills, equity and metrics; no I/O."""
