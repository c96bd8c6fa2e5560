"""`evotrade llm`: the offline model's terms and its server, with a small model and a quiet llama.cpp."""

import json

import pytest

from evotrade.llm import local
from tests.llm.shipped import llama_in, shipped_in


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small model in place of the real one, and a folder of one's own; says where that is."""
    monkeypatch.setattr(local, "GEMMA", shipped_in(tmp_path / "packages", monkeypatch))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "evotrade"


@pytest.fixture
def llama(tmp_path, monkeypatch):
    llama_in(tmp_path / "packages", monkeypatch, crashes=False)


@pytest.fixture
def crashing(tmp_path, monkeypatch):
    llama_in(tmp_path / "packages", monkeypatch, crashes=True)


def test_without_the_extra_it_is_said_how_to_install_it(evotrade, monkeypatch):
    monkeypatch.setattr(local, "SERVER", "no_such_server")
    monkeypatch.setattr(local, "find_spec", lambda _: None)
    ran = evotrade("llm", "serve")
    assert (ran.code, ran.out) == (1, "")
    assert "pip install 'evotrade[local-llm]'" in ran.err


@pytest.mark.parametrize("command", ["serve", "terms"])
def test_terms_are_shown_and_nothing_runs_before_they_are_accepted(evotrade, small, llama, command):
    ran = evotrade("llm", command)
    assert ran.code == 1
    assert "You agree to this." in ran.out
    assert "small is not used unless its terms are accepted" in ran.err
    assert not small.exists()


def test_terms_are_accepted_with_a_word_and_still_shown(evotrade, small, llama):
    ran = evotrade("llm", "terms", "--accept-licence")
    assert ran.code == 0
    assert "You agree to this." in ran.out
    assert json.loads((small / "accepted-licences.json").read_text())["small"]["how"] == "--accept-licence"
    assert "were accepted before" in evotrade("llm", "terms").err


@pytest.mark.process
def test_serve_says_where_and_how_to_ask(evotrade, small, llama):
    ran = evotrade("llm", "serve", "--accept-licence", "--port", "18731")
    said = ran.out.splitlines()[-2:]
    url = said[0].split(" answers at ")[1].split()[0]
    assert url.startswith("http://127.0.0.1:")
    assert said[1] == f"To ask it: export EVOTRADE_LLM={url}#small"
    assert "the model's server ended" in ran.err


@pytest.mark.process
def test_terms_accepted_before_are_not_shown_again(evotrade, small, llama):
    evotrade("llm", "terms", "--accept-licence")
    assert "You agree" not in evotrade("llm", "serve", "--port", "18731").out


@pytest.mark.process
def test_a_build_that_crashes_on_the_processor_says_how_to_build_it(evotrade, small, crashing):
    ran = evotrade("llm", "serve", "--accept-licence", "--port", "18731")
    assert ran.code == 1
    assert "llama.cpp crashed on this processor (signal 11)" in ran.err
    assert "CMAKE_ARGS=-DGGML_NATIVE=OFF pip install" in ran.err
