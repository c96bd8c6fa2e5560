"""The Strategy editor as a page: what it says, what it keeps, what it makes."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from evotrade.evolution.dish import Dish
from evotrade.lab.bench import bench_on
from evotrade.lab.cells import create_cell, create_on
from evotrade.market import synthetic_candles
from evotrade.store.trials import Entry
from evotrade.ui.editor.results import trial_words
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store

PAGE = "../../pages/editor.py"  # from evotrade/ui/main.py
CELLS = "../../pages/cells.py"
CANDLES = synthetic_candles(600, "1h", seed=1)
GENOME = "IF DELTA(0) > AVG(DELTA, 3) THEN BUY ELSE SELL"
OTHER = "IF DELTA(0) > AVG(DELTA, 4) THEN BUY ELSE SELL"


@pytest.fixture
def store(tmp_path):
    """A store with a synthetic market."""
    made = a_store(tmp_path)
    made.save_candles(CANDLES)
    return made


@pytest.fixture
def parent(store):
    """A cell that was evaluated on train and validation, with costs and a way to vote of its own."""
    return create_on(bench_on(CANDLES, combine="first", store=store), GENOME, store, name="The parent")


@pytest.fixture
def open_editor(open_app):
    """The editor on a store, at an address such as `fork=29`."""

    def open_on(store, **address):
        return open_app(store, **address).switch_page(PAGE).run()

    return open_on


def draft(app):
    return list(app.session_state["drafts of strategies"].values())[-1]


def write(app, text):
    """Type as the browser does: it sends the text, and which revision it belongs to."""
    sent = {"text": text, "sending": 1, "revision": draft(app).revision}
    app.session_state[draft(app).key("genome")] = {"draft": sent}
    return app.run()


def said(app):
    """All captions and paragraphs, without the marks that keep them text."""
    texts = " ".join(each.value for each in (*app.caption, *app.markdown))
    return texts.replace("\\", "").replace("\u200c", "")


def button(app, label):
    return next(each for each in app.button if each.label == label)


def press(app, label):
    return button(app, label).click().run()


def come_back(app):
    """Visit another page and return by the navigation, which forgets the address."""
    app.switch_page(CELLS).run()
    app.query_params.clear()
    return app.switch_page(PAGE).run()


def test_an_empty_editor_says_what_to_do_and_offers_nothing_else(store, open_editor):
    app = open_editor(store)
    assert "Not tested yet" in said(app)
    for label in ("Test strategy", "Create cell"):
        assert button(app, label).disabled
        assert button(app, label).help == "Write a strategy first."


def test_a_store_without_candles_says_where_to_get_some(tmp_path, open_editor):
    app = write(open_editor(a_store(tmp_path)), GENOME)
    assert "No candles yet" in said(app)
    assert [link.proto.page for link in app.get("page_link")] == ["market"]
    assert "no candles yet" in button(app, "Test strategy").help
    assert not app.exception


def test_an_error_is_said_with_its_place_and_blocks_the_buttons(store, open_editor):
    app = write(open_editor(store), "IF DELT(0) > 1 THEN BUY")
    assert "line 1, column 4" in button(app, "Test strategy").help.replace("\\", "").replace("\u200c", "")
    assert button(app, "Create cell").disabled
    assert not button(write(app, GENOME), "Create cell").disabled


def test_size_depth_and_lookback_are_shown_while_writing(store, open_editor):
    assert "4 nodes, depth 3, looks back 2 bars of 1h" in said(write(open_editor(store), GENOME))


def test_a_timeframe_that_cannot_run_is_said_before_the_test(store, open_editor):
    app = write(open_editor(store), "IF DELTA_1H(0) > AVG(DELTA, 100) THEN BUY")
    assert "1h skipped: looks back 99 bars, the warm-up has 60" in said(app)
    assert "It can run at none of the timeframes" in button(app, "Test strategy").help


def test_a_test_shows_train_and_validation_and_leaves_the_vault_closed(store, open_editor):
    app = press(write(open_editor(store), GENOME), "Test strategy")
    assert list(app.dataframe[0].value) == ["Metric", "train", "validation"]
    assert len(app.metric) == 6
    assert len(app.get("plotly_chart")) == 1
    assert "Vault: unopened" in said(app)
    assert set(store.trials()["split"]) == {"train", "validation"}


def test_the_trades_of_a_test_can_be_looked_at(store, open_editor):
    app = press(write(open_editor(store), GENOME), "Test strategy")
    app.button_group(key="view").set_value("Trades").run()
    assert "trade" in app.dataframe[0].value
    assert not app.exception


def test_a_test_is_recorded_once_and_says_its_numbers(store, open_editor):
    app = press(write(open_editor(store), GENOME), "Test strategy")
    assert "Recorded as trials 1 to 2: 2 trials that traded so far on this market and time." in said(app)
    app = press(write(app, GENOME.lower()), "Test strategy")
    assert "Tested before as trials 1 to 2: 2 trials that traded so far" in said(app)
    assert list(store.trials()["outcome"]) == ["test", "test"]


def test_results_of_an_earlier_text_say_so_and_those_of_the_same_strategy_do_not(store, open_editor):
    app = press(write(open_editor(store), GENOME), "Test strategy")
    assert "has changed since this test" in said(write(app, OTHER))
    assert "has changed since this test" in said(write(app, "IF DELT"))
    assert "has changed since this test" not in said(write(app, GENOME + "  # the same"))


def test_results_on_another_market_say_so(store, open_editor):
    store.save_candles(replace(synthetic_candles(900, "4h", seed=2), pair="ETH/USD"))
    app = press(write(open_editor(store), GENOME), "Test strategy")
    app.selectbox[0].select_index(1).run()
    assert "has changed since this test" in said(app)


def test_a_strategy_that_never_trades_says_that_it_would_be_born_dead(store, open_editor):
    app = press(write(open_editor(store), "IF DELTA < 0 THEN BUY"), "Test strategy")
    assert "💀 dead" in said(app)
    assert "Never entered a trade on train" in said(app)
    assert store.cell(int(press(app, "Create cell").query_params["cell"])).status == "dead"


def test_what_is_created_is_a_cell_with_all_that_was_said_of_it(store, open_editor):
    app = write(open_editor(store), GENOME)
    app.text_input[0].set_value(HOSTILE)
    app.text_area[0].set_value("Because.\nThat is why.")
    app.selectbox(key=draft(app).key("category")).set_value("trend")
    app = press(app.run(), "Create cell")
    cell = store.cell(1)
    assert (cell.name, cell.hypothesis, cell.category) == (HOSTILE, "Because.\nThat is why.", "trend")
    assert (cell.origin, cell.parent_id, cell.generation) == ("person", None, 0)
    assert app.query_params == {"cell": "1"}
    assert app.toast[0].value == "Cell 1 is born."
    assert app.subheader[0].value.startswith("Cell 1")


def test_a_fork_begins_with_its_parent_s_genome_and_is_tried_as_its_parent_was(store, parent, open_editor):
    app = open_editor(store, fork="1")
    assert draft(app).text == GENOME
    assert app.selectbox[0].value == "As cell 1"
    assert app.selectbox[1].value == "first"
    write(app, OTHER)
    child = store.cell(int(press(app, "Create cell").query_params["cell"]))
    assert (child.parent_id, child.generation, child.operator) == (1, 1, "hand")
    spans = [[(row.start_s, row.end_s) for row in cell.phenotypes] for cell in (parent, child)]
    assert spans[0] == spans[1]


def test_a_fork_without_a_change_is_not_created(store, parent, open_editor):
    app = open_editor(store, fork="1")
    assert "no change yet" in said(app)
    assert "This is its parent" in button(app, "Create cell").help
    assert not button(app, "Test strategy").disabled
    assert not button(write(app, OTHER), "Create cell").disabled
    assert "1 change" in said(app)


def test_rules_that_vote_otherwise_are_a_change(store, parent, open_editor):
    app = open_editor(store, fork="1")
    app.selectbox[1].set_value("votes").run()
    assert not button(app, "Create cell").disabled


def test_a_fork_may_lose_its_parent_and_keeps_its_text(store, parent, open_editor):
    app = press(write(open_editor(store, fork="1"), OTHER), "Remove parent")
    assert draft(app).text == OTHER
    assert "fork" not in app.query_params
    press(app, "Create cell")
    assert store.cell(2).parent_id is None


def test_a_fork_that_loses_its_parent_replaces_no_strategy_that_was_being_written(store, parent, open_editor):
    first = "IF DELTA > 1 THEN BUY"
    app = write(open_editor(store), first)
    app.query_params["fork"] = "1"
    app = press(write(app.run(), OTHER), "Remove parent")
    assert draft(app).text == OTHER
    app = press(app, "Create cell").switch_page(PAGE).run()
    assert draft(app).text == first


def test_a_run_that_ended_between_a_birth_and_the_way_to_the_cell_is_made_up_for(store, open_editor):
    app = write(open_editor(store), GENOME)
    draft(app).born = 7
    app = write(app, OTHER)
    assert app.query_params == {"cell": "7"}
    assert draft(app.switch_page(PAGE).run()).text == ""
    assert store.count_cells() == 0


def test_starting_over_brings_the_parent_s_genome_back(store, parent, open_editor):
    app = press(write(open_editor(store, fork="1"), OTHER), "Start over")
    assert draft(app).text == GENOME
    assert app.query_params["fork"] == "1"


def test_a_draft_survives_a_visit_to_another_page(store, parent, open_editor):
    app = write(open_editor(store, fork="1"), OTHER)
    app.text_input[0].set_value("Mine").run()
    app = come_back(press(app, "Test strategy"))
    assert (draft(app).text, app.text_input[0].value) == (OTHER, "Mine")
    assert app.query_params["fork"] == "1"
    assert "Recorded as" in said(app)


def test_a_fork_in_which_nothing_was_written_gives_way_to_a_new_strategy(store, parent, open_editor):
    app = come_back(open_editor(store, fork="1"))
    assert (draft(app).text, "fork" in app.query_params) == ("", False)


def test_drafts_of_two_forks_do_not_mix(store, parent, open_editor):
    create_on(bench_on(CANDLES, store=store), OTHER, store)
    app = write(open_editor(store, fork="1"), "IF DELTA > 1 THEN BUY")
    app.query_params["fork"] = "2"
    assert draft(app.run()).text == OTHER
    app.query_params["fork"] = "1"
    assert draft(app.run()).text == "IF DELTA > 1 THEN BUY"


def test_after_a_birth_the_editor_is_empty_again(store, parent, open_editor):
    app = press(write(open_editor(store, fork="1"), OTHER), "Create cell").switch_page(PAGE).run()
    assert draft(app).text == ""


def test_a_parent_that_is_not_there_is_said_and_the_editor_goes_on_without(store, parent, open_editor):
    for address in ("999", "abc", "", HOSTILE):
        app = open_editor(store, fork=address)
        assert "cell" in app.warning[0].value
        assert "Fork of" not in said(app)
        assert not app.exception


def test_a_parent_whose_genome_does_not_parse_can_be_mended(store, open_editor):
    store.add_cells([a_cell(genome="IF DELT(0) > 1 THEN BUY", genome_id="", status="dead")])
    app = open_editor(store, fork="1")
    assert "column 4" in button(app, "Test strategy").help
    write(app, GENOME)
    assert "its genome does not parse" in said(app)
    assert store.cell(int(press(app, "Create cell").query_params["cell"])).parent_id == 1


def test_a_parent_whose_text_is_no_genome_at_all_is_shown_as_it_is(store, open_editor):
    for number, text in enumerate(("", "long " * 5_000, "מחיר \u202e עולה 🧬"), 1):
        store.add_cells([a_cell(genome=text, name=text, genome_id="", status="dead")])
        app = open_editor(store, fork=str(number))
        assert draft(app).text == text
        assert button(app, "Test strategy").disabled
        assert not app.exception


def test_a_parent_that_was_only_recorded_is_forked_on_its_market(store, open_editor):
    store.save_candles(replace(synthetic_candles(700, "1h", seed=3), pair="PURR", source="archive"))
    recorded = a_phenotype(pair="PURR", split="all", recorded=True)
    store.add_cells([a_cell(phenotypes=(recorded,), combine="majority")])
    app = open_editor(store, fork="1")
    assert "cell 1 was not evaluated here" in said(app).lower()
    assert app.selectbox[0].value == "PURR · archive · 1h"
    assert app.selectbox[1].value == "majority"
    assert not app.exception


def test_a_parent_of_all_candles_has_children_tried_on_all_of_them(store, open_editor):
    create_cell(GENOME, CANDLES, store=store)
    app = press(write(open_editor(store, fork="1"), OTHER), "Test strategy")
    assert list(app.dataframe[0].value) == ["Metric", "all"]
    assert "Vault" not in said(app)


def test_a_series_too_short_to_divide_says_so_in_place(tmp_path, open_editor):
    store = a_store(tmp_path)
    store.save_candles(CANDLES[:20])
    app = write(open_editor(store), GENOME)
    assert "20 bars of 1h leave 10 to train on" in said(app)
    assert button(app, "Create cell").disabled


def test_a_bench_without_validation_says_so(store, open_editor):
    dish = Dish.of("mine", CANDLES, shares=(0.6, 0.01, 0.39))
    store.save_dish("mine", dish.to_dict(), datetime(2025, 1, 1, tzinfo=UTC))
    app = write(open_editor(store), GENOME)
    assert "No validation at 1h: too few bars are left before the vault" in said(app)
    press(app, "Test strategy")
    assert list(store.trials()["split"]) == ["train"]


def test_timeframes_are_those_that_the_candles_make_and_each_is_tested(store, open_editor):
    app = write(open_editor(store), GENOME)
    assert app.multiselect[0].options == ["1h", "4h", "12h", "1d", "1w"]
    app.multiselect[0].set_value(["4h", "1h"]).run()
    press(app, "Test strategy")
    assert list(store.trials()["timeframe"]) == ["1h", "1h", "4h", "4h"]


def test_a_timeframe_in_view_that_the_next_test_lacks_gives_way(store, open_editor):
    app = write(open_editor(store), GENOME)
    app.multiselect[0].set_value(["1h", "4h"]).run()
    press(app, "Test strategy")
    app.button_group(key="Timeframe of the test").set_value("4h").run()
    app.multiselect[0].set_value(["1h"]).run()
    app = press(app, "Test strategy")
    assert "bars of 1h" in said(app)
    assert not app.exception


def test_without_a_timeframe_the_candles_own_is_taken(store, open_editor):
    app = write(open_editor(store), GENOME)
    app.multiselect[0].set_value([]).run()
    press(app, "Test strategy")
    assert set(store.trials()["timeframe"]) == {"1h"}


def test_costs_are_those_asked_for(store, open_editor):
    app = write(open_editor(store), GENOME)
    app.number_input[0].set_value(10.0)
    app.number_input[1].set_value(2.0).run()
    assert "fee 10 bps a side, slippage 2 bps" in said(app)
    born = store.cell(int(press(app, "Create cell").query_params["cell"]))
    assert born.phenotypes[0].execution["fee_bps"] == 10.0


def test_names_change_and_comments_stay(store, open_editor):
    app = write(open_editor(store), "IF delta(0) > 1 THEN BUY # so be it")
    names = app.button_group(key=draft(app).key("names"))
    names.set_value("readable").run()
    assert draft(app).text == "IF CLOSE(0) > 1 THEN BUY # so be it"


def test_tidying_writes_one_rule_a_line(store, open_editor):
    app = press(write(open_editor(store), "if (delta) > 1 then buy; if gamma < 2 then sell # x"), "Tidy")
    assert draft(app).text == "IF DELTA(0) > 1 THEN BUY\nIF GAMMA(0) < 2 THEN SELL"


def test_what_changed_and_what_it_thinks_are_shown_when_they_are_opened(store, parent, open_editor):
    app = write(open_editor(store, fork="1"), OTHER)
    assert "This strategy" not in said(app)
    app.session_state["editor tabs"] = "Changes"
    assert "This strategy" in said(app.run())
    app.session_state["editor tabs"] = "What it thinks"
    assert len(app.run().get("plotly_chart")) == 1
    assert not app.exception


def test_what_it_thinks_ends_where_the_vault_begins(store, open_editor):
    app = write(open_editor(store), GENOME)
    app.session_state["editor tabs"] = "What it thinks"
    app.run()
    last = bench_on(CANDLES, store=store).seen("1h").timestamp[-1]
    assert app.datetime_input[0].max == f"{last:%Y-%m-%dT%H:%M}"


def test_a_parent_s_hostile_name_is_text(store, open_editor):
    store.add_cells([a_cell(name=HOSTILE, genome=HOSTILE, combine=HOSTILE, category=HOSTILE)])
    app = open_editor(store, fork="1")
    assert not app.exception
    assert r"\<img src\=x" in app.get("page_link")[0].proto.label


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([(7, True)], "Recorded as trial 7:"),
        (
            [(3, False), (1_007, True), (1_008, True)],
            "Recorded as trials 1,007 to 1,008; tested before as trial 3:",
        ),
        ([(3, False), (7, False), (8, False)], "Tested before as trials 3, 7 to 8:"),
    ],
)
def test_trials_are_told_by_number(trials, words):
    told = SimpleNamespace(trials=[Entry(*each) for each in trials], market_trials=1)
    assert trial_words(told) == f"{words} 1 trial that traded so far on this market and time."
