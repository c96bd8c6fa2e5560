"""Offspring by a language model, as the search sees them: arguments, like candles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.errors import SettingsError
from evotrade.evolution.dish import Dish
from evotrade.evolution.proposals import AnswerKey, Proposal
from evotrade.evolution.rates import Rates
from evotrade.evolution.search import Search
from evotrade.genome import OPERATORS, as_genome
from tests.evolution.test_search import CANDLES, PALETTE, dish, evolved, members_of


def searching(share=0.2, payoff=1.0, population=30):
    """A search after one generation, with a model that paid so far."""
    search = evolved(Search(dish(llm_share=share, population=population), PALETTE), 1)
    search.rates = Rates(dict.fromkeys(OPERATORS, 1.0), model_payoff=payoff)
    return search


def proposals_for(search, generation=1):
    wanted = search.wanted(generation)
    return [
        Proposal(as_genome(f"IF DELTA(0) > AVG(DELTA, {100 + number}) THEN BUY"), parent, AnswerKey(1, 1))
        for number, parent in enumerate(wanted.parents)
    ]


@settings(max_examples=30)
@given(st.floats(0.05, 1), st.floats(0, 2), st.integers(1, 400))
def test_no_more_is_wanted_than_the_share_nor_less_than_a_third_of_it(share, payoff, generation):
    search = searching(share, payoff)
    most = int(30 * share + 1e-9)
    wanted = search.wanted(generation)
    count = len(wanted.parents) if wanted else 0
    assert int(0.3 * most) <= count <= most


@pytest.mark.parametrize(("payoff", "mean"), [(1.0, 6.0), (0.5, 6 * 0.65), (0.0, 6 * 0.3)])
def test_on_average_as_many_are_wanted_as_the_payoff_says(payoff, mean):
    search = searching(payoff=payoff)
    counts = [len(one.parents) if (one := search.wanted(n)) else 0 for n in range(1, 401)]
    assert np.mean(counts) == pytest.approx(mean, abs=0.15)


def test_nothing_is_wanted_of_founders_of_an_empty_population_or_without_a_share():
    assert searching().wanted(0) is None
    assert Search(dish(llm_share=0.2), PALETTE).wanted(3) is None
    assert searching(share=0.0).wanted(1) is None


def test_each_parent_is_asked_for_one_child_and_the_same_ones_again():
    first, again = searching().wanted(1), searching().wanted(1)
    assert first == again
    assert len({parent.cell_id for parent in first.parents}) == len(first.parents) == 6


def test_proposals_come_first_and_the_operators_fill_the_rest():
    search = searching()
    proposals = proposals_for(search)
    brood = search.ask(1, proposals)
    assert [one.proposal for one in brood[:6]] == proposals
    assert {one.operator for one in brood[:6]} == {"llm"}
    assert len(brood) == 30
    assert not any(one.proposal for one in brood[6:])


def test_a_search_without_proposals_asks_as_one_that_wants_none():
    assert searching(share=0.2).ask(1) == searching(share=0.0).ask(1)


def test_proposals_beyond_the_share_or_tried_before_are_dropped():
    search = searching(share=0.1)
    proposals = proposals_for(searching(share=0.2))
    search.seen.add(proposals[0].genome.id)
    brood = search.ask(1, [*proposals, *proposals])
    assert [one.proposal for one in brood if one.proposal] == proposals[1:4]


def test_what_a_model_wrote_to_no_use_lowers_its_payoff():
    search = searching()
    brood = search.ask(1, proposals_for(search))
    search.tell(brood, members_of(brood, np.random.default_rng(0)), answers=12)
    entered = sum(
        one.genome.id in {member.genome.id for member in search.members} for one in brood if one.proposal
    )
    assert search.rates.model_payoff == pytest.approx(0.8 + 0.2 * entered / 12)


def test_a_share_of_less_than_one_genome_is_refused():
    with pytest.raises(SettingsError, match=r"llm_share 0.01 of 30 genomes .* at least 0.0333"):
        dish(llm_share=0.01)
    with pytest.raises(SettingsError, match="llm_share of a dish must be between 0 and 1, found 2"):
        dish(llm_share=2)
    assert dish(llm_share=0.29, population=100).most_by_model == 29


def test_a_dish_from_before_there_were_models_has_no_share():
    spec = Dish.of("dish", CANDLES).to_dict()
    del spec["llm_share"]
    assert Dish.from_dict(spec).llm_share == 0
