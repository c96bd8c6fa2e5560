"""The researcher's services: what pages, commands and notebooks call."""
