"""The genome language: one tree, one parser, one printer, and the random operators of evolution."""

from evotrade.genome.crossover import crossover
from evotrade.genome.difference import Change, Diff, diff
from evotrade.genome.generate import random_genome
from evotrade.genome.genome import Genome
from evotrade.genome.mutate import OPERATORS, mutate
from evotrade.genome.palette import Palette
from evotrade.genome.parser import as_genome, parse

__all__ = [
    "OPERATORS",
    "Change",
    "Diff",
    "Genome",
    "Palette",
    "as_genome",
    "crossover",
    "diff",
    "mutate",
    "parse",
    "random_genome",
]
