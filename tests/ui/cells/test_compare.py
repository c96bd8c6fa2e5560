"""The comparison in the place of the panel."""

import pytest

from tests.ui.stores import GENOME, HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell

TABLE = "cells 0"


def captions(app):
    return [caption.value.replace("\u200c", "").replace("\\", "") for caption in app.caption]


def heading(app):
    return app.subheader[0].value


@pytest.fixture
def store(tmp_path):
    """Two cells evaluated on one series, one with recorded numbers, one without any."""
    store = a_store(tmp_path)
    an_evaluated_cell(store)
    an_evaluated_cell(store)
    recorded = a_phenotype(split="all", recorded=True)
    store.add_cells([a_cell(status="dead", phenotypes=(recorded,)), a_cell(genome="nonsense")])
    return store


def test_two_cells_have_one_chart_one_table_and_their_difference(store, open_app):
    app = open_app(store, compare="1,2")
    assert heading(app) == "2 cells compared"
    assert len(app.get("plotly_chart")) == 1
    assert list(app.dataframe[1].value) == ["Metric", "Cell 1", "Cell 2"]
    assert any("400 bars of 1h" in caption for caption in captions(app))
    assert "No change: both genomes are the same." in captions(app)


def test_no_row_of_the_list_is_marked_while_cells_are_compared(store, open_app):
    assert open_app(store, compare="1,2").session_state[TABLE]["selection"]["rows"] == []


def test_recorded_numbers_stand_beside_others_and_are_not_drawn(store, open_app):
    app = open_app(store, compare="1,2,3")
    assert list(app.dataframe[1].value) == ["Metric", "Cell 1", "Cell 2", "Cell 3 *"]
    assert any("Cell 3 is not drawn: not measured on this" in caption for caption in captions(app))
    assert any(
        caption.startswith("* Cell 3: BTC/USD · archive, 1h, all, recorded") for caption in captions(app)
    )


def test_cells_with_nothing_but_recorded_numbers_have_a_table_only(tmp_path, open_app):
    recorded = a_phenotype(split="all", recorded=True)
    app = open_app(a_store(tmp_path, *(a_cell(phenotypes=(recorded,)) for _ in range(2))), compare="1,2")
    assert not app.get("plotly_chart")
    assert any("Cells 1, 2 are not drawn: only numbers were recorded" in caption for caption in captions(app))
    assert list(app.dataframe[1].value) == ["Metric", "Cell 1", "Cell 2"]


def test_cells_without_numbers_say_so(store, open_app):
    app = open_app(store, compare="4,1")
    assert "* Cell 4 has not been evaluated on any candles yet" in captions(app)
    assert any("Does not parse" in caption for caption in captions(app))
    alone = open_app(store, compare="4,4")
    assert not alone.exception


@pytest.mark.parametrize(
    ("address", "change"),
    [({}, "Window"), ({"diff_to": "3"}, "Then"), ({"diff_from": "3", "diff_to": "1"}, "Then")],
)
def test_any_two_genomes_can_be_compared(tmp_path, open_app, address, change):
    genomes = (GENOME, GENOME.replace("3", "5"), GENOME.replace("BUY", "HOLD"))
    store = a_store(tmp_path, *(a_cell(genome=text) for text in genomes))
    app = open_app(store, compare="1,2,3", **address)
    assert app.table[0].value["Change"].tolist() == [change]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("999", "There is no cell 999 in the store"),
        ("1", "Cell 1 is named twice"),
        ("abc", "The address compares 'abc'"),
        (HOSTILE, "which is no number of a cell"),
    ],
)
def test_a_wrong_address_is_a_sentence_and_the_panel_stays(store, open_app, wrong, said):
    app = open_app(store, compare=f"1,{wrong}")
    assert not app.exception
    assert any(said in caption for caption in captions(app))
    assert "Cell 1 is set aside: choose another one and press Compare." in captions(app)
    assert heading(app).startswith("Cell")


def test_a_cell_in_the_address_is_shown_and_the_comparison_kept_aside(store, open_app):
    app = open_app(store, compare="1,2", cell="3")
    assert heading(app).startswith("Cell 3")
    assert "Cells 1, 2 are set aside." in captions(app)
    next(button for button in app.button if button.label == "Show comparison").click().run()
    assert heading(app) == "2 cells compared"
    assert dict(app.query_params) == {"compare": "1,2"}


def test_a_cell_of_the_comparison_can_be_shown_and_left_out(store, open_app):
    app = open_app(store, compare="1,2,3")
    app.button(key="remove 2").click().run()
    assert (heading(app), app.query_params["compare"]) == ("2 cells compared", "1,3")
    app.button(key="show 3").click().run()
    assert heading(app).startswith("Cell 3")
    assert app.query_params["compare"] == "1,3"


def test_the_cell_that_is_left_alone_is_shown(store, open_app):
    app = open_app(store, compare="1,3")
    app.button(key="remove 1").click().run()
    assert heading(app).startswith("Cell 3")
    assert "Cell 3 is set aside: choose another one and press Compare." in captions(app)


def test_the_comparison_can_be_closed(store, open_app):
    app = open_app(store, compare="1,2")
    app.button(key="close comparison").click().run()
    assert "compare" not in app.query_params
    assert heading(app).startswith("Cell")


def test_the_button_of_the_panel_adds_a_cell_and_the_second_one_opens_the_comparison(store, open_app):
    app = open_app(store, cell="2")
    app.button(key="compare").click().run()
    assert app.query_params["compare"] == "2"
    app.query_params["cell"] = "1"
    app.run().button(key="compare").click().run()
    assert heading(app) == "2 cells compared"
    assert dict(app.query_params) == {"compare": "2,1"}


def test_hostile_names_are_text(tmp_path, open_app):
    app = open_app(a_store(tmp_path, *(a_cell(name=HOSTILE, dish=HOSTILE) for _ in range(2))), compare="1,2")
    assert not app.exception
    for button in app.button:
        assert "<img" not in button.label.replace("\\<", "")
