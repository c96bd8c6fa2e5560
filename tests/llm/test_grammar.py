"""The grammar for a model's decoding: all that the printer writes, and nothing that does not parse."""

import json
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evotrade.engine.backtest import backtest
from evotrade.engine.columns import Columns
from evotrade.genome import Genome, parse, random_genome
from evotrade.genome.palette import Palette
from evotrade.llm.answers import Explanation, Naming, Patterns, Proposal, Suggestion
from evotrade.llm.gbnf import Wording, converted, quoted, text_of, whole_between
from evotrade.llm.grammar import answer_gbnf, genome_gbnf
from evotrade.market.synthetic import synthetic_candles
from tests.llm.gbnf import Grammar
from tests.strategies import genomes

LANGUAGE = {style: Grammar(genome_gbnf(style)) for style in ("abstract", "readable")}
PROPOSALS = Grammar(answer_gbnf(Proposal.model_json_schema()))
WHOLE = Grammar(answer_gbnf(Proposal.model_json_schema(), whole_language=True))
EVERYTHING = Palette(timeframes=("1H", "4H", "1D"))

randoms = st.integers(0, 2**32).map(Random)


@given(st.integers(0, 2**32), st.sampled_from(["abstract", "readable"]))
def test_every_genome_that_evolution_makes_is_a_sentence(seed: int, style: str) -> None:
    genome = random_genome(np.random.default_rng(seed), EVERYTHING)
    assert LANGUAGE[style].accepts(genome.render(style))


@given(genomes(), st.sampled_from(["abstract", "readable"]))
def test_every_genome_of_the_whole_language_is_a_sentence(genome: Genome, style: str) -> None:
    text = genome.render(style)
    assume("e308" not in text)  # not all of them are below infinity, so the grammar stops before
    assert LANGUAGE[style].accepts(text)


@given(randoms, st.sampled_from(["abstract", "readable"]))
def test_every_sentence_parses(random: Random, style: str) -> None:
    assert parse(LANGUAGE[style].sentence(random)).rules


@given(st.text(alphabet="IFTHENBUYDELTA_4()<>=+-*/.,;# \n0159", max_size=30))
def test_what_is_a_sentence_parses(text: str) -> None:
    if LANGUAGE["abstract"].accepts(text):
        parse(text)


@given(randoms)
def test_every_proposal_is_one_and_its_genome_is_a_sentence_of_the_language(random: Random) -> None:
    proposal = Proposal.model_validate_json(PROPOSALS.sentence(random, 10_000))
    assert LANGUAGE["readable"].accepts(proposal.genome)
    assert any(rule.then == "BUY" for rule in parse(proposal.genome).rules)


@given(randoms)
def test_proposals_of_the_whole_language_have_sentences_of_it_too(random: Random) -> None:
    proposal = Proposal.model_validate_json(WHOLE.sentence(random, 200))
    assert LANGUAGE["readable"].accepts(proposal.genome)
    parse(proposal.genome)


def test_most_proposals_trade_and_differ() -> None:
    columns = Columns(synthetic_candles(1_500, seed=7))
    sentences = (json.loads(PROPOSALS.sentence(Random(seed), 10_000)) for seed in range(40))
    made = {each["genome"] for each in sentences}
    trading = [genome for genome in made if backtest(parse(genome), columns).metrics["trades"]]
    assert len(made) >= 38
    assert len(trading) >= 0.9 * len(made)


@pytest.mark.parametrize("answer", [Explanation, Naming, Patterns, Suggestion])
def test_every_other_answer_has_a_grammar_too(answer) -> None:
    grammar = Grammar(answer_gbnf(answer.model_json_schema()))
    for seed in range(10):
        answer.model_validate_json(grammar.sentence(Random(seed), 10_000))


@given(st.integers(0, 6_000), st.integers(0, 6_000), st.integers(0, 9_999))
def test_a_range_of_whole_numbers_holds_them_and_no_other(one: int, other: int, number: int) -> None:
    low, high = sorted((one, other))
    grammar = Grammar(f"root ::= {whole_between(low, high)}")
    assert grammar.accepts(str(number)) == (low <= number <= high)
    assert grammar.accepts(str(low))
    assert grammar.accepts(str(high))
    assert not grammar.accepts(f"0{number}")


@given(st.text(alphabet='ab"\\\n', max_size=8))
def test_a_literal_is_the_text_itself(text: str) -> None:
    assert Grammar(f"root ::= {quoted(text)}").accepts(text)


def test_a_rule_that_begins_with_itself_becomes_a_repetition() -> None:
    rules = converted('sum: item\n | sum "+" item\nitem: "A"\n | "(" sum ")"', "sum", Wording({}))
    assert text_of(rules) == 'sum ::= item (" " "+" " " item)*\nitem ::= "A" | "(" sum ")"\n'


def test_depth_bounds_how_often_a_rule_comes_back() -> None:
    rules = converted('sum: item\nitem: "A"\n | "(" sum ")"', "sum", Wording({}, depth=1))
    grammar = Grammar(text_of({"root": "sum-1", **rules}))
    assert [grammar.accepts(text) for text in ("A", "(A)", "((A))")] == [True, True, False]


def test_notation_that_has_no_counterpart_is_refused() -> None:
    with pytest.raises(ValueError, match="has no counterpart"):
        converted('a: "b"~3', "a", Wording({}))
    with pytest.raises(ValueError, match="nothing is left of rule 'a'"):
        converted("a: WORD", "a", Wording({}))
