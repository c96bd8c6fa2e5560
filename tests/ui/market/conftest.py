import time

import pytest
from streamlit.testing.v1 import AppTest

from evotrade.ui.market import work

PAGE = "../../pages/market.py"  # from evotrade/ui/main.py


@pytest.fixture
def open_market(open_app):
    """The Market data page on a store, at an address such as `pair=BTC/USD`; no work is left behind."""
    opened = []

    def open_on(store, **address) -> AppTest:
        app = open_app(store, **address).switch_page(PAGE).run()
        opened.append(app)
        return app

    yield open_on
    if opened:
        for each in work.all_work().values():
            each.stop()


@pytest.fixture
def finished():
    """Waits until no work runs any more, and runs the page again."""

    def wait(app: AppTest) -> AppTest:
        deadline = time.monotonic() + 30
        while any(each.running for each in work.all_work().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return app.run()

    return wait
