"""The API's description in a browser, without network: a token is typed in, and stays in the page."""

import pytest

from evotrade.api import create_app
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.tokens import new_tokens
from tests.api.desks import ScriptedDesk
from tests.api.serving import serving

pytestmark = pytest.mark.browser
START = "#operations-sessions-start_trading_start_post"
KEPT = "localStorage.length + sessionStorage.length + document.cookie.length"


@pytest.fixture
def tokens():
    return new_tokens()


@pytest.fixture
def served(tmp_path, tokens):
    app = create_app(ScriptedDesk(), Store(tmp_path / "evotrade.duckdb"), tokens, settings=Settings())
    with serving(app) as running:
        yield running


def test_a_token_typed_into_the_page_shows_the_api_and_is_kept_nowhere(page, served, tokens):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    token = tokens.of_role("viewer").token
    page.goto(f"{served.url}/docs")
    page.fill("#token", token)
    page.click("button")
    page.wait_for_selector(START)
    assert all(url.startswith((served.url, f"blob:{served.url}", "data:")) for url in asked)
    assert not any(token in url for url in asked)
    assert page.evaluate(KEPT) == 0


def test_a_call_made_from_the_page_carries_the_token(page, served, tokens):
    page.goto(f"{served.url}/docs")
    page.fill("#token", tokens.of_role("viewer").token)
    page.press("#token", "Enter")
    page.click("#operations-sessions-list_sessions_trading_sessions_get button")
    page.click("text=Try it out")
    page.click("button.execute")
    page.wait_for_selector(".live-responses-table .response-col_status >> text=200")


def test_a_wrong_token_is_told_and_shows_nothing(browser, served):
    page = browser.new_page()
    page.goto(f"{served.url}/docs")
    page.fill("#token", "wrong")
    page.press("#token", "Enter")
    page.wait_for_selector("text=this needs a token")
    assert page.query_selector(START) is None
    page.close()
