"""The panel of one cell on the Cells page."""

import json
from datetime import timedelta

from evotrade.ui.cells.actions import document
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store, an_evaluated_cell


def title(app):
    return app.subheader[0].value


def popovers(app):
    return [popover.proto.popover.label for popover in app.get("popover")]


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
    labels = [button.label for button in app.button if button.key.startswith("go to")]
    assert labels == ["🟢 Cell 2 · Quiet breakout", "🟢 Cell 3 · Quiet breakout"]
    assert app.get("popover")[-1].proto.popover.label == "2 children"


def test_reasons_and_warnings_are_shown(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(status="dead", reasons=("drawdown too deep", "no entry"))))
    captions = [caption.value for caption in app.caption]
    assert "Cause of death: drawdown too deep" in captions
    assert "Cause of death: no entry" in captions


def test_a_store_of_many_children_links_the_first_and_counts_the_rest(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), *(a_cell(parent_id=1) for _ in range(25))), cell="1")
    assert len([button for button in app.button if button.key.startswith("go to")]) == 20
    assert any(caption.value == "and 5 more" for caption in app.caption)


def test_a_parent_outside_the_store_is_left_out(tmp_path, open_app):
    store = a_store(tmp_path, a_cell(), a_cell(parent_id=1))
    with store.write() as con:
        con.execute("DELETE FROM cells WHERE cell_id = 1")
    app = open_app(store, cell="2")
    assert not app.exception
    assert not [button for button in app.button if button.key.startswith("go to")]


def test_a_status_that_never_changed_has_no_history(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()))
    assert not [popover for popover in popovers(app) if "status" in popover]


def test_changes_of_a_status_are_listed_with_their_reasons_the_latest_first(tmp_path, open_app):
    store = a_store(tmp_path, a_cell())
    store.set_statuses([(1, "dead", [HOSTILE])], a_cell().created_at + timedelta(days=1))
    app = open_app(store)
    assert "1 change of status" in popovers(app)
    said = [markdown.value for markdown in app.markdown if "since" in markdown.value]
    assert said == ["💀 dead since 2025-03-02 12:30 UTC", "🟢 alive since 2025-03-01 12:30 UTC"]


def test_what_a_model_wrote_says_so(tmp_path, open_app):
    cell = a_cell(
        name="", llm_name="Tide", llm_model="some-model", llm_category="trend", llm_hypothesis="It ebbs"
    )
    app = open_app(a_store(tmp_path, cell))
    assert title(app) == "Cell 1 · Tide"
    assert app.text[0].value == "It ebbs"
    assert any(caption.value == "Hypothesis of a model:" for caption in app.caption)
    for label in ("Name by a model", "Category by a model", "Model"):
        assert f">{label}</dt>" in app.html[0].value


def test_a_cell_leads_to_the_desk_its_fork_and_its_lineage(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell()), cell="2")
    links = [link.proto for link in app.get("page_link")]
    assert [(link.label, link.page, link.query_string) for link in links] == [
        ("Start live trading", "live", "start=2"),
        ("Fork by hand", "editor", "fork=2"),
        ("Lineage", "lineage", "cell=2"),
    ]


def test_comparing_goes_into_the_address_and_out_again(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(), a_cell()), cell="2")
    app.button(key="compare").click().run()
    assert app.query_params["compare"] == "2"
    assert app.button(key="compare").label == "Remove from comparison"
    app.button(key="compare").click().run()
    assert "compare" not in app.query_params


def test_more_cells_than_can_be_compared_are_not_taken(tmp_path, open_app):
    app = open_app(a_store(tmp_path, *(a_cell() for _ in range(6))), cell="6", compare="1,2,3,4,5")
    assert app.button(key="compare").disabled
    assert "remove one" in app.button(key="compare").help


def test_the_file_of_a_cell_is_made_when_it_is_asked_for(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell()))
    assert app.get("download_button")[0].proto.deferred_file_id


def test_the_document_that_is_exported_is_the_cell(tmp_path):
    store = a_store(tmp_path, a_cell(name=HOSTILE))
    assert json.loads(document(store, 1))["cell"]["name"] == HOSTILE


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
    assert "recorded elsewhere" in captions
    assert "No equity or trades to draw" in captions
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
    assert any("No equity or trades to draw" in caption.value for caption in app.caption)
    assert not app.get("plotly_chart")


def test_a_genome_that_does_not_parse_is_shown_with_its_error(tmp_path, open_app):
    app = open_app(a_store(tmp_path, a_cell(genome="IF DELT(0) > 1 THEN BUY", status="dead")))
    assert any("unknown symbol" in caption.value for caption in app.caption)
    assert not app.exception
