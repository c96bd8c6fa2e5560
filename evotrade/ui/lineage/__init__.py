"""The Lineage page: the population on a canvas, and one cell among its relatives."""
