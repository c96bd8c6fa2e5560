"""What each route answers, over a scripted desk and a real store."""

from decimal import Decimal

import pytest

from evotrade.engine.execution import Limits, TradingHours
from evotrade.market.synthetic import synthetic_candles
from tests.api.desks import GENOME, a_view

KEYS = {"session_id", "cell_id", "status", "start_time", "end_time", "current_pnl", "final_pnl"}


def test_the_number_of_a_cell_alone_starts_a_session_on_paper(ask, desk):
    answer = ask("trader").post("/trading/start", json={"cell_id": 29})
    assert answer.status_code == 201
    assert {"open_positions", "trade_count"} | KEYS <= answer.json().keys()
    (asked,) = desk.asked
    assert (asked.cell_id, asked.allocation, asked.timeframe, asked.dry_run) == (
        29,
        Decimal(1000),
        "1h",
        True,
    )
    assert (asked.pair, asked.confirm, asked.owner, asked.limits) == (None, None, "trader", Limits())


def test_money_is_exact_in_both_directions(ask, desk):
    body = {"cell_id": 29, "allocation": "0.10000001"}
    assert ask("trader").post("/trading/start", json=body).json()["allocation"] == "0.10000001"
    assert desk.asked[0].allocation == Decimal("0.10000001")
    assert ask("viewer").get("/trading/session/1/trades").json()[0]["position_after"] == "0.0000001"


def test_limits_reach_the_desk_as_the_backtest_has_them(ask, desk):
    limits = {
        "stop_loss_pct": 5,
        "trading_hours": {"days": ["mon"], "start": "09:30", "zone": "Europe/Berlin"},
    }
    assert ask("trader").post("/trading/start", json={"cell_id": 29, "limits": limits}).status_code == 201
    found = desk.asked[0].limits
    assert (found.stop_loss_pct, found.take_profit_pct) == (5.0, None)
    assert found.trading_hours == TradingHours(("mon",), "09:30", "00:00", "Europe/Berlin")


@pytest.mark.parametrize("confirm", [None, "", "  ", "yes", "29 BTC/USD 1001"])
def test_real_orders_need_their_confirmation(ask, desk, confirm):
    body = {"cell_id": 29, "dry_run": False, "confirm": confirm}
    answer = ask("trader").post("/trading/start", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:evotrade:error:SessionRefused")
    assert desk.views == {}
    body["confirm"] = "29 BTC/USD 1000"
    assert ask("trader").post("/trading/start", json=body).json()["dry_run"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cell_id": "29"}, "cell_id"),
        ({"cell_id": True}, "cell_id"),
        ({"allocation": "NaN"}, "allocation"),
        ({"allocation": 0}, "allocation"),
        ({"allocation": "1e-9"}, "allocation"),
        ({"dry_run": "no"}, "dry_run"),
        ({"dryrun": False}, "dryrun"),
        ({"timeframe": "2h"}, "timeframe"),
        ({"limits": {"stop_loss_pct": 100}}, "limits.stop_loss_pct"),
        ({"limits": {"trading_hours": {"start": "24:00"}}}, "limits.trading_hours.start"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(ask, desk, change, field):
    answer = ask("trader").post("/trading/start", json={"cell_id": 29, **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert desk.asked == []


def test_what_the_desk_refuses_has_its_status_and_its_sentence(ask, desk):
    trader = ask("trader")
    for cell, status, words in [(404, 404, "no cell 404"), (666, 409, "is dead")]:
        answer = trader.post("/trading/start", json={"cell_id": cell})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert words in answer.json()["detail"]
    desk.most = 0
    full = trader.post("/trading/start", json={"cell_id": 29})
    assert (full.status_code, full.headers["retry-after"]) == (429, "2")


def test_a_session_is_stopped_once_and_only_a_halted_one_resumed(ask, desk):
    desk.put(a_view())
    trader = ask("trader")
    assert trader.post("/trading/resume/1").status_code == 409
    assert trader.post("/trading/stop/1", json={"flatten": False}).json()["final_pnl"] == "12.5"
    assert trader.post("/trading/stop/1").status_code == 409
    assert trader.post("/trading/stop/2").status_code == 404


def test_sessions_are_listed_newest_first_by_whether_they_run(ask, desk):
    for number, status in enumerate(("running", "stopped", "halted"), 1):
        desk.put(a_view(number, status=status))
    numbers = {
        query: [row["session_id"] for row in ask("viewer").get(f"/trading/sessions{query}").json()]
        for query in ("", "?active=true", "?active=false", "?limit=1")
    }
    assert numbers == {"": [3, 2, 1], "?active=true": [3, 1], "?active=false": [2], "?limit=1": [3]}


def test_the_open_position_comes_after_the_closed_ones(ask, desk):
    desk.put(a_view())
    closed, held = ask("viewer").get("/trading/session/1/positions").json()
    assert (closed["status"], closed["pnl"], closed["exit_reason"]) == ("closed", "-1.1", "signal")
    assert (held["status"], held["quantity"], held["exit_at"]) == ("open", "0.015", None)
    assert held["pnl"] == "15.0"  # 12.5 in all, and -2.5 of it realized
    desk.put(a_view(position=Decimal(0)))
    assert [row["status"] for row in ask("viewer").get("/trading/session/1/positions").json()] == ["closed"]


@pytest.mark.parametrize("since", ["2026-03-01T12:00:00", "2026-03-01T13:00:00%2B01:00", "2026-03-01"])
def test_ticks_since_a_moment_in_any_zone(ask, desk, since):
    desk.put(a_view())
    assert len(ask("viewer").get(f"/trading/session/1/ticks?since={since}").json()) == 1


def test_cells_say_their_status_as_people_see_it(ask):
    cells = ask("viewer").get("/cells").json()
    assert [(row["cell_id"], row["status_label"]) for row in cells] == [(1, "🟢 alive"), (2, "💀 dead")]
    assert cells[1] | {"fitness": None, "parent_id": 1, "reasons": ["never traded"]} == cells[1]
    assert [row["cell_id"] for row in ask("viewer").get("/cells?status=dead").json()] == [2]
    shown = ask("viewer").get("/cells/1").json()
    assert shown["phenotypes"] == ask("viewer").get("/cells/1/phenotypes").json()
    assert shown["phenotypes"][0]["metrics"] == {"return_pct": 1.5, "sharpe": None}


def test_lineage_shows_who_descends_from_whom(ask):
    rows = ask("viewer").get("/cells/1/lineage").json()
    assert [(row["cell_id"], row["relation"], row["depth"]) for row in rows] == [
        (1, "self", 0),
        (2, "descendant", 1),
    ]


@pytest.mark.parametrize(
    "path", ["/cells/99", "/cells/99/lineage", "/cells/99/phenotypes", "/cells?dish=none"]
)
def test_what_is_not_there_is_not_found(ask, path):
    answer = ask("viewer").get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:evotrade:error:NotFound")


def test_a_genome_becomes_a_cell_with_its_backtest(ask, store):
    store.save_candles(synthetic_candles(2_000, "1h", seed=3, pair="BTC/USD"))
    body = {"dsl_genome": GENOME, "llm_name": "Slow trend", "llm_category": "trend", "pair": "BTC/USD"}
    made = ask("trader").post("/cells/create", json=body)
    assert made.status_code == 201, made.text
    assert {row["split"] for row in made.json()["results"]} == {"train", "validation"}
    cell = store.cell(made.json()["cell_id"])
    assert (cell.origin, cell.llm_name, cell.llm_category) == ("llm", "Slow trend", "trend")
    child = {"dsl_genome": "IF DELTA(0) > AVG(DELTA, 9) THEN BUY ELSE SELL", "parent_cell_id": cell.cell_id}
    born = store.cell(ask("trader").post("/cells/create", json=child).json()["cell_id"])
    assert (born.parent_id, born.origin, born.generation) == (cell.cell_id, "person", 1)
    assert [row.data_hash for row in born.phenotypes] == [row.data_hash for row in cell.phenotypes]


def test_a_mistake_in_a_genome_has_its_place(ask):
    answer = ask("trader").post("/cells/create", json={"dsl_genome": "IF DELT(0) > 1 THEN BUY"})
    problem = answer.json()
    assert (answer.status_code, problem["line"], problem["column"], problem["length"]) == (422, 1, 4, 4)
    assert problem["suggestion"] == "DELTA"


def test_candles_that_are_not_there_are_told(ask):
    answer = ask("trader").post("/cells/create", json={"dsl_genome": GENOME, "pair": "ETH/EUR"})
    assert (answer.status_code, answer.json()["detail"][:36]) == (404, "the store holds no candles of ETH/EU")


def test_the_daemon_tells_strangers_little_and_viewers_all(ask, desk):
    assert ask(None).get("/health").json() == {"ok": True, "pid": 4711, "version": "0.1.0"}
    assert ask("viewer").get("/system").json()["jobs"] == [{"name": "flush", "runs": 3}]
    assert ask("viewer").get("/alerts?limit=1").json()[0]["text"] == "Session 1 is halted"
    assert ask("admin").post("/alerts/test").json() == {"sent": True}
    desk.alert_ways = False
    answer = ask("admin").post("/alerts/test")
    assert (answer.status_code, "alert_urls" in answer.json()["detail"]) == (409, True)
