"""The search: dishes, selection, the ledger of trials."""
