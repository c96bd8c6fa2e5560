import json
import math
import re

import pytest

from tests.ui.stores import GENOME, HOSTILE, a_cell, a_store

MARKUP = re.compile(r":material/home:|(?<!\\)(<img|\*\*c|`d|\$e|# f)|\]\(javascript")
CHANGED = GENOME.replace("3", "5")
RIGHT_TO_LEFT = "מחיר \u202e עולה 🧬"


@pytest.fixture
def family(tmp_path):
    """A founder, its child, and a child of both, in two dishes; the founder's value is the best."""
    return a_store(
        tmp_path,
        a_cell(fitness=50.0, generation=0, origin="founder", name="Founder"),
        a_cell(fitness=-5.0, generation=1, parent_id=1, genome=CHANGED, operator="window", name=""),
        a_cell(fitness=20.0, generation=2, parent_id=2, second_parent_id=1, dish="other", name="Youngest"),
    )


def title(app):
    return app.subheader[0].value


def told(app):
    return " ".join(each.value for each in (*app.caption, *app.markdown))


def picture(app):
    """What the canvas is told besides the cells."""
    return json.loads(app.get("bidi_component")[1].proto.json)


def graph(app):
    """Nodes and edges of the relatives, without the corners."""
    arguments = json.loads(app.get("component_instance")[0].proto.json_args)
    found = json.loads(arguments["data"])
    return [node for node in found["nodes"] if "label" in node], found["edges"]


def test_an_empty_store_says_what_to_do_next(tmp_path, open_lineage):
    app = open_lineage(a_store(tmp_path))
    assert "No cells yet" in app.markdown[0].value
    assert "evotrade evolve" in app.code[0].value
    assert not app.exception


def test_without_a_cell_in_the_url_the_best_one_is_shown(family, open_lineage):
    app = open_lineage(family)
    assert title(app) == "Cell 1 · Founder"
    assert picture(app)["chosen"] == 1
    assert "cell" not in app.query_params


def test_the_cell_in_the_url_is_shown(family, open_lineage):
    app = open_lineage(family, cell="3")
    assert title(app) == "Cell 3 · Youngest"
    assert picture(app)["chosen"] == 3
    assert "cell 3 and its family are marked" in picture(app)["alt"]


def test_a_cell_that_is_not_there_is_said_below_a_picture_of_the_others(family, open_lineage):
    app = open_lineage(family, cell="999")
    assert "There is no cell 999" in app.warning[0].value
    assert "Choose a cell in the picture" in app.caption[0].value
    assert picture(app)["chosen"] is None
    assert not app.exception


@pytest.mark.parametrize("address", ["abc", "-1", "1.5", "²", "9" * 30, HOSTILE])
def test_an_address_that_is_no_number_is_said(family, open_lineage, address):
    app = open_lineage(family, cell=address)
    assert "no number of a cell" in app.warning[0].value
    assert not app.exception


def test_a_cell_says_fitness_generation_origin_and_the_size_of_its_family(family, open_lineage):
    facts = open_lineage(family, cell="2").html[0].value
    for fact in ("−5.00 % return", "evolution by window", "first dish"):
        assert fact in facts
    assert re.findall(r"(Ancestors|Descendants)</dt><dd[^>]*>(\d+)", facts) == [
        ("Ancestors", "1"),
        ("Descendants", "1"),
    ]


def test_going_to_a_parent_changes_the_url(family, open_lineage):
    app = open_lineage(family, cell="3")
    app.button(key="parent 2").click().run()
    assert title(app) == "Cell 2"
    assert app.query_params["cell"] == "2"


def test_a_parent_that_is_not_in_the_store_is_said(tmp_path, open_lineage):
    app = open_lineage(a_store(tmp_path, a_cell(cell_id=5, parent_id=4)))
    assert "Cell 4, which is not in the store" in told(app)
    assert "Nothing to compare with" in told(app)
    assert not app.exception


def test_the_dish_filter_keeps_one_dish_and_its_best(family, open_lineage):
    family.save_dish("other", {}, a_cell().created_at)
    app = open_lineage(family, dish="other")
    assert title(app) == "Cell 3 · Youngest"
    assert picture(app)["filter"] == "other"


def test_a_chosen_cell_of_another_dish_is_said_to_be_outside_the_picture(family, open_lineage):
    family.save_dish("other", {}, a_cell().created_at)
    app = open_lineage(family, dish="other", cell="1")
    assert title(app) == "Cell 1 · Founder"
    assert "not in the picture" in told(app)


def test_a_dish_without_cells_says_so(family, open_lineage):
    family.save_dish("new", {}, a_cell().created_at)
    app = open_lineage(family, dish="new")
    assert "No cells in new yet" in told(app)
    assert not app.subheader


def test_colour_and_scale_are_in_the_url(family, open_lineage):
    assert picture(open_lineage(family))["colour"] == "status"
    app = open_lineage(family, colour="origin", scale="linear")
    assert (picture(app)["colour"], picture(app)["scale"]) == ("origin", "linear")


def test_nonsense_in_the_url_changes_nothing(family, open_lineage):
    app = open_lineage(family, colour="loud", scale=HOSTILE, dish="nowhere")
    assert (picture(app)["colour"], picture(app)["scale"], picture(app)["filter"]) == ("status", "log", None)
    assert not app.exception


def test_the_axis_says_what_fitness_is(tmp_path, open_lineage):
    store = a_store(tmp_path, a_cell(objective="sharpe"))
    assert picture(open_lineage(store))["title"] == "Fitness: Sharpe, per √year"
    store.add_cells([a_cell(objective="return_pct")])
    assert "each in the unit of its objective" in picture(open_lineage(store))["title"]


def test_relatives_stand_in_a_graph_with_ancestors_on_the_left(family, open_lineage):
    nodes, edges = graph(open_lineage(family, cell="2"))
    by_label = {node["label"].split("\n")[0]: node["x"] for node in nodes}
    assert by_label["1"] < by_label["2"] < by_label["3"]
    ends = {(edge["from"].split(":")[1], edge["to"].split(":")[1]) for edge in edges}
    assert ends == {("1", "2"), ("2", "3"), ("1", "3")}


def test_a_large_family_is_cut_to_the_nearest_and_says_how_many_are_left_out(tmp_path, open_lineage):
    app = open_lineage(a_store(tmp_path, a_cell(), *(a_cell(parent_id=1) for _ in range(100))), cell="1")
    assert len(graph(app)[0]) == 60
    assert "41 relatives further away left out" in told(app)


def test_a_line_of_fitness_is_drawn_and_its_last_steps_are_listed(family, open_lineage):
    app = open_lineage(family, cell="3")
    assert len(app.get("plotly_chart")) == 1
    assert [link.proto.label for link in app.get("page_link")][1:] == [
        "🟢 Cell 3 · Youngest",
        "🟢 Cell 2",
        "🟢 Cell 1 · Founder",
    ]
    assert "gain \\+25\\.00 percentage points" in told(app)
    assert "window" in told(app)


def test_a_long_line_is_listed_in_part(tmp_path, open_lineage):
    chain = (a_cell(parent_id=n or None, generation=n, fitness=float(n)) for n in range(30))
    app = open_lineage(a_store(tmp_path, *chain), cell="30")
    assert "and 22 cells before them" in told(app)
    assert len(app.get("page_link")) == 1 + 8


def test_a_very_long_line_is_drawn_with_some_of_its_cells(tmp_path, open_lineage):
    chain = (a_cell(parent_id=n or None, generation=n, fitness=float(n)) for n in range(600))
    app = open_lineage(a_store(tmp_path, *chain), cell="600")
    assert "of 600 cells, the best and the worst among them" in told(app)


def test_what_changed_from_the_parent_is_shown(family, open_lineage):
    app = open_lineage(family, cell="2")
    assert "Parent, cell 1" in told(app)
    assert app.table[0].value["Change"].tolist() == ["Window"]


def test_of_two_parents_one_is_chosen(family, open_lineage):
    app = open_lineage(family, cell="3")
    assert "Parent, cell 2" in told(app)
    app.button_group(key="changes from 3").set_value(1).run()
    assert "Parent, cell 1" in told(app)


def test_a_founder_says_that_it_has_no_parent(family, open_lineage):
    assert "Cell 1 has no parent" in told(open_lineage(family, cell="1"))


def test_a_cell_alone_has_no_relatives_no_line_and_no_gap(tmp_path, open_lineage):
    app = open_lineage(a_store(tmp_path, a_cell()))
    assert "No relatives in the store" in told(app)
    assert not app.get("plotly_chart")
    assert not app.get("component_instance")


def test_cells_without_a_value_are_shown(tmp_path, open_lineage):
    store = a_store(tmp_path, a_cell(fitness=math.nan), a_cell(fitness=math.nan, parent_id=1))
    app = open_lineage(store, cell="2")
    assert title(app).startswith("Cell 2")
    assert not app.exception


def test_parents_around_a_circle_are_shown(tmp_path, open_lineage):
    store = a_store(tmp_path, a_cell(cell_id=1, parent_id=2), a_cell(cell_id=2, parent_id=1))
    assert not open_lineage(store, cell="1").exception
    own = a_store(tmp_path / "own", a_cell(cell_id=1, parent_id=1))
    assert not open_lineage(own, cell="1").exception


@pytest.mark.parametrize("text", [HOSTILE, "long " * 1_000, RIGHT_TO_LEFT, "`\n# x\n```"])
def test_hostile_text_is_text_everywhere(tmp_path, open_lineage, text):
    fields = ("name", "operator", "dish", "category", "hypothesis", "llm_name")
    texts = dict.fromkeys(fields, text)
    app = open_lineage(a_store(tmp_path, a_cell(**texts), a_cell(**texts, parent_id=1)), cell="2")
    assert not app.exception
    for markup in (*app.markdown, *app.caption, *app.subheader):
        assert not MARKUP.search(markup.value)
    for node in graph(app)[0]:
        assert "title" not in node
        assert len(max(node["label"].split("\n"), key=len)) < 20
    assert "<img" not in app.html[0].value
    assert "<img" not in app.get("plotly_chart")[0].proto.spec
