"""evotrade: a lab and a desk for trading strategies that evolve."""
