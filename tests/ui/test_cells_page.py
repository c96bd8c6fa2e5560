import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
TABLE = "cells 0"
MARKUP = re.compile(r":material/home:|(?<!\\)(<img|\*\*c|`d|\$e|# f)|\]\(javascript")


def shown_ids(app: AppTest) -> list[int]:
    return app.dataframe(key=TABLE).value["cell_id"].tolist()


def title(app: AppTest) -> str:
    return app.subheader[0].value


def test_an_empty_store_says_what_to_do_next(tmp_path, open_app):
    app = open_app(a_store(tmp_path))
    assert "No cells yet" in app.markdown[0].value
    assert "evotrade evolve" in app.code[0].value
    assert "evotrade import-cells" in app.code[0].value


def test_a_store_that_does_not_exist_yet_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOTRADE_STORE", str(tmp_path / "new.duckdb"))
    app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30).run()
    assert not app.exception
    assert "No cells yet" in app.markdown[0].value


def test_cells_are_listed_best_first_with_their_status(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(fitness=1.0), a_cell(fitness=2.0, status="dead")))
    assert shown_ids(app) == [2, 1]
    assert app.dataframe(key=TABLE).value["status"].tolist() == ["💀 dead", "🟢 alive"]


def test_the_status_filter_keeps_one_status(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(status="dead")), status="dead")
    assert shown_ids(app) == [2]
    assert any(caption.value == "1 of 2 cells" for caption in app.caption)


def test_filters_in_the_url_are_in_force(tmp_path, open_app):
    cells = [a_cell(generation=n, fitness=10.0 - n, name=f"cell number {n}") for n in range(6)]
    store = a_store(tmp_path, *cells)
    assert shown_ids(open_app(store, generation_from="2", generation_to="4")) == [3, 4, 5]
    assert shown_ids(open_app(store, fitness_min="8")) == [1, 2, 3]
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


def test_filters_that_no_cell_meets_say_so(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()), text="nowhere")
    assert not app.dataframe
    assert "No cell matches" in app.markdown[0].value


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


def test_a_cell_that_is_not_there_is_said_with_what_to_do(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()), cell="999")
    assert "There is no cell 999" in app.warning[0].value
    assert "Choose a cell in the list" in app.caption[-1].value
    assert not app.exception


def test_an_address_that_is_no_number_is_said(tmp_path, open_app):
    for address in ("abc", "-1", "1.5", "²", "9" * 30, HOSTILE):
        app = open_app(a_store(tmp_path, a_cell()), cell=address)
        assert "no number of a cell" in app.warning[0].value
        assert not app.exception


def test_going_to_a_parent_changes_the_url(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(parent_id=1)), cell="2")
    app.button(key="go to 1").click().run()
    assert title(app).startswith("Cell 1")
    assert app.query_params["cell"] == "1"


def test_a_parent_shows_its_children(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell(parent_id=1), a_cell(parent_id=1)), cell="1")
    assert [button.label for button in app.button][1:] == ["Cell 2", "Cell 3"]


def test_reasons_and_warnings_are_shown(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(status="dead", reasons=("drawdown too deep", "no entry"))))
    captions = [caption.value for caption in app.caption]
    assert "Cause of death: drawdown too deep" in captions
    assert "Cause of death: no entry" in captions


def test_a_founder_is_not_said_twice(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(origin="founder", operator="founder")))
    assert any(" · founder · " in caption.value for caption in app.caption)


def test_each_split_has_a_column_of_its_own(tmp_path, open_app):
    splits = (a_phenotype(), a_phenotype(split="validation", metrics={"return_pct": -3.0, "trades": 2.0}))
    app = open_app(a_store(tmp_path, a_cell(phenotypes=splits)))
    table = app.dataframe[1].value.set_index("Metric")
    assert list(table) == ["train", "validation"]
    assert table.loc["Return"].tolist() == ["12.50 %", "−3.00 %"]
    assert table.loc["Sharpe, per √year"].tolist() == ["–", "–"]


def test_a_vault_nobody_opened_is_shown_as_unopened(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(a_phenotype(),))))
    assert any("Vault: unopened" in caption.value for caption in app.caption)


def test_recorded_numbers_are_labelled_and_have_no_equity(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(a_phenotype(split="all", recorded=True),))))
    captions = " ".join(caption.value for caption in app.caption)
    assert "recorded by another system" in captions
    assert "No equity to draw" in captions
    assert list(app.dataframe[1].value) == ["Metric", "all, recorded"]


def test_a_skipped_timeframe_says_why(tmp_path, open_app):
    skipped = a_phenotype(timeframe="1d", skipped="suffix 4H is shorter than 1d", metrics={})
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(a_phenotype(), skipped))))
    assert any("1d\\:\u200c skipped" in caption.value for caption in app.caption)


def test_an_evaluated_cell_has_its_equity_drawn_and_its_market_labelled(tmp_path, open_app):
    store = a_store(tmp_path)
    cell = an_evaluated_cell(store)
    app = open_app(store, cell=str(cell.cell_id))
    assert len(app.get("plotly_chart")) == 1
    assert any("synthetic market" in markdown.value for markdown in app.markdown)
    assert not app.exception


def test_missing_candles_are_said_in_place_of_the_equity(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(phenotypes=(a_phenotype(base_timeframe="1h"),))))
    assert any("No equity to draw" in caption.value for caption in app.caption)
    assert not app.get("plotly_chart")


def test_a_genome_that_does_not_parse_is_shown_with_its_error(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(genome="IF DELT(0) > 1 THEN BUY", status="dead")))
    assert any("unknown symbol" in caption.value for caption in app.caption)
    assert not app.exception


def test_hostile_text_in_every_field_is_shown_as_text(tmp_path, open_app):
    names = ("name", "dish", "operator", "category", "hypothesis", "genome", "llm_model", "combine")
    numbers = a_phenotype(pair=HOSTILE, source=HOSTILE, split="all")
    cell = a_cell(**dict.fromkeys(names, HOSTILE), reasons=(HOSTILE,), phenotypes=(numbers,))
    app = open_app(a_store(tmp_path, cell))
    assert not app.exception
    assert app.text[0].value == HOSTILE
    assert "<img" not in app.html[0].value
    for markup in (*app.markdown, *app.caption, *app.subheader):
        assert not MARKUP.search(markup.value)


def test_a_file_that_is_no_store_is_one_sentence(tmp_path, monkeypatch):
    path = tmp_path / "evotrade.duckdb"
    path.write_bytes(b"this is no database" * 1_000)
    monkeypatch.setenv("EVOTRADE_STORE", str(path))
    app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30).run()
    assert not app.exception
    assert "evotrade\\.duckdb" in app.error[0].value


@contextmanager
def held_by_another_program(store):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        yield
        holder.stdin.close()


@pytest.mark.process
def test_a_store_held_by_another_program_is_said_soon_above_the_page(tmp_path, open_app):
    store = a_store(tmp_path, a_cell(), a_cell())
    app = open_app(store)
    with held_by_another_program(store):
        app.query_params["cell"] = "2"
        began = time.monotonic()
        app.run()
        assert time.monotonic() - began < 6
    assert app.main.children[0].children[0].type == "error"
    assert "evotrade\\.duckdb" in app.error[0].value
    assert not app.subheader
    assert title(app.run()).startswith("Cell 2")


def test_an_error_nobody_expected_is_one_sentence_without_its_details():
    def fail():
        from evotrade.ui.entrance import say_what_failed

        assert say_what_failed(KeyError("a secret"))

    said = AppTest.from_function(fail).run().error[0].value
    assert "KeyError" in said
    assert "terminal" in said
    assert "secret" not in said


def test_an_error_of_evotrade_in_a_callback_is_its_sentence():
    def fail():
        from evotrade.errors import SettingsError
        from evotrade.ui.entrance import say_what_failed

        say_what_failed(SettingsError("the fee is wrong: mend it"))

    assert AppTest.from_function(fail).run().error[0].value == "The fee is wrong\\:\u200c mend it"


def test_a_wrong_setting_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOTRADE_FEE_BPS", "-1")
    app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30).run()
    assert not app.exception
    assert "fee\\_bps" in app.error[0].value


def test_a_page_that_is_run_past_the_app_shows_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOTRADE_STORE", str(a_store(tmp_path, a_cell()).path))
    page = AppTest.from_file(str(ROOT / "pages/cells.py"), default_timeout=30).run()
    assert "streamlit run app.py" in page.error[0].value
    assert not page.dataframe
