"""A live session without I/O: events in, effects out, on the evaluator and the fill rules of the backtest."""
