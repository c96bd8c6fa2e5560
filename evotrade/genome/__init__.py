"""The genome language: one tree, one parser, one printer."""
