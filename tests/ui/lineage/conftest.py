import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT

PAGE = "../../pages/lineage.py"  # from evotrade/ui/main.py


@pytest.fixture
def open_lineage(monkeypatch):
    """The Lineage page on a store, visited first of all, at an address such as `cell=29`."""

    def open_on(store, **address):
        monkeypatch.setenv("EVOTRADE_STORE", str(store.path))
        app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30).switch_page(PAGE)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_on
