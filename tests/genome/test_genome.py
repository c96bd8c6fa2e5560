"""Genome: one immutable value."""

import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given

from evotrade.genome import Genome, parse
from tests.strategies import genomes

TEXT = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


@given(genomes())
def test_a_genome_crosses_a_process_boundary_intact(genome: Genome) -> None:
    copy = pickle.loads(pickle.dumps(genome))
    assert copy == genome
    assert (copy.id, copy.size, copy.depth) == (genome.id, genome.size, genome.depth)


@given(genomes())
def test_size_and_depth_count_the_nodes_of_the_trees(genome: Genome) -> None:
    assert genome.size == sum(rule.condition.size for rule in genome.rules)
    assert 2 <= genome.depth <= genome.size


def test_a_genome_counts_its_nodes() -> None:
    genome = parse("IF NOT -DELTA(3) * 2 > AVG(DELTA, 20) THEN BUY\nIF 1 > 2 THEN SELL")
    assert genome.size == 11  # NOT > * - DELTA 2 AVG DELTA, > 1 2
    assert genome.depth == 5  # NOT > * - DELTA


def test_genomes_are_equal_by_tree_whatever_their_text() -> None:
    one, other = parse(TEXT), parse(TEXT.lower().replace(" ", "  "))
    assert one == other
    assert hash(one) == hash(other)
    assert one.source != other.source


def test_a_genome_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        parse(TEXT).rules = ()  # type: ignore[misc]


def test_a_genome_names_the_timeframes_that_it_reads() -> None:
    genome = parse("IF DELTA_1D(0) > MAX_4H(GAMMA_1D, 3) THEN BUY; IF DELTA > AVG_1W(DELTA, 2) THEN SELL")
    assert genome.timeframes == ("1D", "4H", "1W")
    assert parse(TEXT).timeframes == ()


def test_a_genome_shows_its_id_and_its_rules() -> None:
    genome = parse(f"{TEXT}\nIF 1 > 2 THEN BUY")
    assert repr(genome) == f"<Genome {genome.id}: {TEXT}; IF 1 > 2 THEN BUY>"
