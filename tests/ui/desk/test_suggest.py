"""Suggest from results, on a session that has ended."""

from evotrade.store.records import Entry
from tests.store.records import session
from tests.ui.desk.looks import text
from tests.ui.desk.test_past import ended
from tests.ui.stores import HOSTILE

TOLD = {"assessment": "It slips.", "actions": ["Widen the stop."], "fork_instruction": HOSTILE}


def button(app):
    return next((each for each in app.button if each.label == "Suggest from results"), None)


def test_without_a_model_there_is_no_such_button(no_model, desk, daemon, open_page):
    desk.put(ended(1, "7.5"))
    assert button(open_page("history")) is None


def test_a_model_is_told_of_the_divergence_and_its_words_are_text(
    model, desk, daemon, open_page, store, until
):
    store.deliver([Entry(1, session(session_id=1, cell_id=1))])
    desk.put(ended(1, "7.5"))
    model.says(TOLD)
    app = until(button(open_page("history")).click().run(), lambda app: "It slips" in text(app))
    assert "Widen the stop" in text(app)
    assert '"live_pnl"' in model.said(0)
    assert not [each for each in app.markdown if "<img" in each.value.replace("\\<img", "")]
    assert "Fork cell 29 with LLM" in [link.proto.label for link in app.get("page_link")]


def test_a_session_that_the_store_lacks_is_said(model, desk, daemon, open_page, until):
    desk.put(ended(1, "7.5"))
    model.says(TOLD)
    app = button(open_page("history")).click().run()
    until(app, lambda app: "no session 1" in text(app).replace("\\", "").lower())
