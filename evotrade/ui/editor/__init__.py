"""The strategy editor: write, test, understand and create a strategy."""
