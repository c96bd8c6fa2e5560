"""The printer: what it writes reads back as the same tree."""

from hypothesis import given

from evotrade.genome import Genome, parse
from tests.strategies import genomes


@given(genomes())
def test_what_is_printed_reads_back_as_the_same_genome_in_both_styles(genome: Genome) -> None:
    assert parse(genome.render("abstract")) == genome
    assert parse(genome.render("readable")) == genome
