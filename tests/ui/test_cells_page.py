import re
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from tests.ui.stores import HOSTILE, a_cell, a_phenotype, a_store

HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
MARKUP = re.compile(r":material/home:|(?<!\\)(<img|\*\*c|`d|\$e|# f)|\]\(javascript")


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
