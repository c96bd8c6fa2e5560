"""The list of the Cells page: filters, order, pages, selection."""

import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1.element_tree import ElementTree

from evotrade.cells import CATEGORIES
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store

TABLE = "cells 0"


def shown(app):
    return app.dataframe(key=TABLE).value


def shown_ids(app):
    return shown(app)["cell_id"].tolist()


def title(app):
    return app.subheader[0].value


def test_cells_are_listed_best_first_with_their_status(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(fitness=1.0), a_cell(fitness=2.0, status="dead")))
    assert shown_ids(app) == [2, 1]
    assert shown(app)["status"].tolist() == ["💀 dead", "🟢 alive"]


def test_the_status_filter_keeps_one_status(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(status="dead")), status="dead")
    assert shown_ids(app) == [2]
    assert any(caption.value == "1 of 2 cells" for caption in app.caption)


def test_filters_in_the_url_are_in_force(tmp_path, open_app):
    cells = [a_cell(generation=n, fitness=10.0 - n, name=f"cell number {n}") for n in range(6)]
    store = a_store(tmp_path, *cells)
    assert shown_ids(open_app(store, generation_from="2", generation_to="4")) == [3, 4, 5]
    assert shown_ids(open_app(store, fitness_min="8")) == [1, 2, 3]
    assert shown_ids(open_app(store, fitness_max="6")) == [5, 6]
    assert shown_ids(open_app(store, fitness_min="7", fitness_max="7")) == [4]
    assert shown_ids(open_app(store, text="NUMBER 5")) == [6]
    assert shown_ids(open_app(store, order="Worst fitness"))[0] == 6


def test_dish_and_origin_filters_keep_theirs(tmp_path, open_app):
    store = a_store(tmp_path, a_cell(), a_cell(dish="other"), a_cell(origin="founder"))
    store.save_dish("other", {}, a_cell().created_at)
    assert shown_ids(open_app(store, dish="other")) == [2]
    assert shown_ids(open_app(store, origin="founder")) == [3]


def test_filters_in_force_are_counted_from_the_first_visit_on(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()), generation_from="2", fitness_min="8")
    assert app.get("popover")[0].proto.popover.label == "Filters (2)"


def test_the_category_filter_knows_the_usual_ones_and_those_in_use(tmp_path, open_app):
    cells = [a_cell(category="trend"), a_cell(llm_category="astrology"), a_cell(category=HOSTILE)]
    store = a_store(tmp_path, *cells)
    app = open_app(store, category="trend")
    assert shown_ids(app) == [1]
    assert app.selectbox(key="category").options == [*CATEGORIES, *sorted(("astrology", HOSTILE))]
    assert shown_ids(open_app(store, category="astrology")) == [2]
    assert shown_ids(open_app(store, category=HOSTILE)) == [3]


def test_a_category_that_does_not_exist_filters_nothing(tmp_path, open_app):
    assert shown_ids(open_app(a_store(tmp_path, a_cell()), category="asleep")) == [1]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Best Sharpe", [2, 1, 3, 4]),
        ("Least drawdown", [3, 1, 2, 4]),
        ("Most trades", [1, 3, 2, 4]),
        ("Number", [1, 2, 3, 4]),
    ],
)
def test_cells_can_be_ordered_by_their_metrics_those_without_last(tmp_path, open_app, order, expected):
    numbers = [(1.0, 20.0, 9.0), (2.0, 30.0, 3.0), (0.5, 10.0, 5.0)]
    names = ("sharpe", "max_drawdown_pct", "trades")
    rows = [a_phenotype(metrics=dict(zip(names, row, strict=True))) for row in numbers]
    store = a_store(tmp_path, *(a_cell(phenotypes=(row,)) for row in rows), a_cell())
    assert shown_ids(open_app(store, order=order)) == expected


def test_the_list_shows_sharpe_drawdown_and_trades_of_the_first_numbers(tmp_path, open_app):
    first = a_phenotype(metrics={"sharpe": 1.5, "max_drawdown_pct": 20.0, "trades": 7.0})
    later = a_phenotype(split="validation", metrics={"sharpe": 9.0})
    row = shown(open_app(a_store(tmp_path, a_cell(phenotypes=(first, later))))).iloc[0]
    assert (row["sharpe"], row["max_drawdown_pct"], row["trades"]) == (1.5, 20, 7)


def test_filters_are_cleared_at_once(tmp_path, open_app):
    store = a_store(tmp_path, *(a_cell(fitness=float(-n), status="dead") for n in range(150)), a_cell())
    address = {"text": "quiet", "status": "dead", "generation_to": "9", "fitness_max": "0", "page": "2"}
    app = open_app(store, origin="evolution", **address)
    assert len(shown_ids(app)) == 50
    clear_button(app).click().run()
    assert any(caption.value == "151 of 151 cells" for caption in app.caption)
    assert shown_ids(app)[0] == 151
    assert clear_button(app) is None


def test_without_filters_there_is_nothing_to_clear(tmp_path, open_app):
    assert clear_button(open_app(a_store(tmp_path, a_cell()), order="Newest")) is None


def clear_button(app):
    return next((button for button in app.button if button.label == "Clear filters"), None)


def test_filters_that_no_cell_meets_say_so(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()), text="nowhere")
    assert not app.dataframe
    assert "No cell matches" in app.markdown[0].value
    assert clear_button(app)


def test_the_list_comes_back_after_a_search_without_results(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()), text="nowhere")
    app.text_input(key="text").set_value("quiet").run()
    assert shown_ids(app) == [1]
    assert title(app).startswith("Cell 1")


def test_a_row_beyond_the_list_chooses_nothing(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()))
    app.session_state[TABLE] = {"selection": {"rows": [5], "columns": [], "cells": []}}
    assert not app.run().exception
    assert "cell" not in app.query_params


def test_choosing_a_status_goes_into_the_url_as_a_word(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(status="dead")))
    statuses = app.button_group(key="status")
    assert [(option.content_icon, option.content) for option in statuses.proto.options] == [
        ("🟢", "alive"),
        ("💀", "dead"),
    ]
    statuses.set_value("dead").run()
    assert (app.query_params["status"], shown_ids(app)) == ("dead", [2])
    app.button_group(key="status").set_value(None).run()
    assert ("status" in app.query_params, shown_ids(app)) == (False, [1, 2])


def test_a_status_that_does_not_exist_filters_nothing(tmp_path, open_app):
    assert shown_ids(open_app(a_store(tmp_path, a_cell()), status="asleep")) == [1]


def test_a_long_list_comes_in_pages(tmp_path, open_app):
    store = a_store(tmp_path, *(a_cell(fitness=float(-n)) for n in range(150)))
    assert shown_ids(open_app(store)) == list(range(1, 101))
    assert shown_ids(open_app(store, page="2")) == list(range(101, 151))


def test_a_page_beyond_the_end_is_the_first_one(tmp_path, open_app):
    store = a_store(tmp_path, *(a_cell(fitness=float(-n)) for n in range(150)))
    assert shown_ids(open_app(store, page="9"))[0] == 1


def test_a_new_filter_starts_at_the_first_page(tmp_path, open_app):
    store = a_store(tmp_path, *(a_cell(fitness=float(-n)) for n in range(250)))
    app = open_app(store, page="3")
    app.text_input(key="text").set_value("quiet").run()
    assert shown_ids(app)[0] == 1


def test_the_cell_in_the_url_is_shown_and_marked(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(name="Second"), a_cell()), cell="2")
    assert title(app) == "Cell 2 · Second"
    assert app.session_state[TABLE]["selection"]["rows"] == [1]


def test_without_a_cell_in_the_url_the_first_of_the_list_is_shown(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(fitness=1.0), a_cell(fitness=2.0)))
    assert title(app).startswith("Cell 2")
    assert "cell" not in app.query_params


def test_a_mark_that_the_browser_sends_late_is_no_choice(tmp_path, open_app, monkeypatch):
    app = open_app(a_store(tmp_path, a_cell(), a_cell()))
    mark = json.dumps({"selection": {"rows": [0], "columns": [], "cells": []}})
    late = WidgetState(id=app.dataframe(key=TABLE).proto.id, string_value=mark)
    app.text_input(key="text").set_value("nowhere").run()
    assert not app.dataframe
    states_of = ElementTree.get_widget_states

    def with_mark(tree):
        states = states_of(tree)
        states.widgets.append(late)
        return states

    monkeypatch.setattr(ElementTree, "get_widget_states", with_mark)
    app.run()
    assert "cell" not in app.query_params
