"""The notebook's face: light to import, complete, documented."""

import json
import subprocess
import sys

import evotrade as et
from tests.paths import ROOT

HEAVY = ("streamlit", "fastapi", "kraken", "numba", "pandas", "duckdb", "plotly", "numpy", "pydantic")


def test_importing_evotrade_loads_nothing_heavy():
    code = "import sys, json, evotrade; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    assert not set(HEAVY) & set(loaded)


def test_every_public_name_exists_and_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for name in et.__all__:
        assert getattr(et, name).__doc__
        assert name in readme


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(et, "get_rich_quick")
    assert set(et.__all__) <= set(dir(et))
