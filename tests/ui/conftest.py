import pytest
from streamlit.testing.v1 import AppTest

from evotrade.store import Store
from tests.paths import ROOT


@pytest.fixture
def open_app(monkeypatch):
    """The whole app on a store, at an address such as `cell=29`."""

    def open_on(store: Store, **address: str) -> AppTest:
        monkeypatch.setenv("EVOTRADE_STORE", str(store.path))
        app = AppTest.from_file(str(ROOT / "evotrade/ui/main.py"), default_timeout=30)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_on
