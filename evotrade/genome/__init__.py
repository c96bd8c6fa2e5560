"""The genome language: one tree, one parser, one printer."""

from evotrade.genome.genome import Genome
from evotrade.genome.parser import as_genome, parse

__all__ = ["Genome", "as_genome", "parse"]
