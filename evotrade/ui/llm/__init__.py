"""Language models on the pages: an ask that runs beside them, its attempts, its record, how good it was."""
