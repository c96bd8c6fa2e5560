"""How the fitness of a dish evolved, on the Cells page."""

from datetime import UTC, datetime

import pytest

from evotrade.evolution.records import GenerationRecord, GenerationStats
from tests.ui.stores import HOSTILE, a_cell, a_store

NOW = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def evolved(tmp_path):
    """A store with a dish of three generations, and one without any."""
    store = a_store(tmp_path, a_cell())
    store.save_dish("first dish", {"objective": "sharpe"}, NOW)
    store.save_dish(HOSTILE, {}, NOW)
    run_id = store.start_run("first dish", NOW)
    for generation in range(3):
        stats = GenerationStats(generation, 20, 10, generation + 1.0, 0.5, 1.0, 100.0, 0.2)
        store.save_generation(GenerationRecord(run_id, stats, (), (), {}, finished_at=NOW))
    return store


def captions(app):
    return [caption.value for caption in app.caption]


def expander(app):
    return app.expander[0]


def charts(app):
    return [chart for chart in app.get("plotly_chart") if "generation" in chart.proto.alt]


def test_the_dish_of_the_filter_shows_its_history(evolved, open_app):
    app = open_app(evolved, dish="first dish")
    assert expander(app).label == "Fitness by generation · first dish"
    assert "3 generations in 1 run, 60 genomes evaluated, 30 cells born" in captions(app)
    assert len(charts(app)) == 1


def test_without_a_dish_in_the_filter_the_section_waits_closed(evolved, open_app):
    app = open_app(evolved)
    assert not expander(app).proto.expanded
    assert not charts(app)


def test_a_dish_without_generations_says_so(evolved, open_app):
    app = open_app(evolved, dish=HOSTILE)
    assert any(caption.startswith("**No generations.**") for caption in captions(app))
    assert not any("<img" in caption.replace("\\<img", "") for caption in captions(app))
    assert not app.exception


def test_a_store_without_dishes_has_no_history(tmp_path, open_app):
    assert not open_app(a_store(tmp_path, a_cell())).expander
