"""The Cells page: the list, the panel of one cell, cells side by side."""
