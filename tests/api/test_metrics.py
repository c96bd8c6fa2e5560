"""Metrics as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from tests.api.desks import a_view


def samples(answer):
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_desk_is_measured(ask, desk):
    desk.put(a_view())
    found = samples(ask("viewer").get("/metrics"))
    assert found["evotrade_up",] == found["evotrade_feed_up",] == 1
    assert found["evotrade_sessions", "running"] == 1
    assert found["evotrade_sessions", "halted"] == 0
    assert found["evotrade_orders_placed_total",] == 3
    assert found["evotrade_jobs_failed_total",] == 1
    assert found["evotrade_loop_lag_seconds",] == 0.25
    assert found["evotrade_watchers",] == 0


def test_answers_are_counted_by_pattern_not_by_path(ask):
    viewer = ask("viewer")
    for number in range(5):
        viewer.get(f"/trading/session/{number + 1}")
        viewer.get(f"/nothing/{number}")
    ask(None).get("/cells")
    found = samples(viewer.get("/metrics"))
    name = "evotrade_http_requests_total"
    assert found[name, "/trading/session/{session_id}", "404", "GET"] == 5
    assert found[name, "404", "GET", "none"] == 5
    assert found[name, "401", "GET", "none"] == 1
    assert found["evotrade_http_request_seconds_count", "none"] == 6
