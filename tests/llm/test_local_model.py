"""The offline model on the real path: asked over HTTP, its answers bound, parsed, backtested and made cells.

`make test-llm` installs it, and shows its terms of use.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from queue import Empty, Queue
from threading import Thread

import httpx
import pytest

from evotrade.genome import parse
from evotrade.lab.bench import bench_on
from evotrade.lab.llm import create, explain, fork
from evotrade.llm import Budget, Proposal, llm_of
from evotrade.llm.grammar import answer_gbnf, genome_gbnf
from evotrade.llm.local import GEMMA, is_accepted, own_folder, terms_of
from evotrade.market import synthetic_candles
from evotrade.settings import Settings
from evotrade.store import open_store

pytestmark = [pytest.mark.llm, pytest.mark.process, pytest.mark.xdist_group("offline model")]

IDEAS = (
    "follow the trend",
    "buy dips",
    "breakouts of a channel",
    "volume comes before price",
    "return to the mean",
    "quiet markets break out",
    "buy strength",
    "sell weakness",
    "the momentum of a day",
    "moving averages that cross",
)
BUDGET = Budget(attempts=2, time_s=600)  # a loaded machine thinks slowly
_START_S = 180.0


@pytest.fixture(scope="module")
def url():
    """Where `evotrade llm serve` answers."""
    if find_spec("llama_cpp") is None or find_spec(GEMMA.package) is None:
        pytest.skip("needs the extra local-llm: make test-llm")
    if not is_accepted(terms_of(GEMMA), own_folder()):
        pytest.skip("the model's terms are not accepted: evotrade llm terms")
    command = [sys.executable, "-m", "evotrade", "llm", "serve", "--port", "18740", "--seed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.wait(30)


def _address(process):
    lines = Queue()
    Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    try:
        while not (told := re.search(r"answers at (\S+)", lines.get(timeout=_START_S))):
            pass
    except Empty:
        pytest.fail(f"the server did not start; its exit code is {process.poll()}")
    return told[1]


@pytest.fixture(scope="module")
def llm(url):
    return llm_of(Settings(llm=f"{url}#{GEMMA.name}"))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("llm") / "lab.duckdb")


@pytest.fixture(scope="module")
def bench(store):
    return bench_on(synthetic_candles(1_500, "1h", seed=4), store=store)


@pytest.fixture(scope="module")
def asked(llm, bench, store):
    """Ten asks, one for each idea."""
    return [create(idea, bench, store, llm, budget=BUDGET) for idea in IDEAS]


def test_nine_of_ten_asks_end_in_a_cell_that_parses_and_was_backtested(asked, store):
    cells = [store.cell(one.cell.cell_id) for one in asked if one.cell is not None]
    judged = [cell for cell in cells if parse(cell.genome).rules and cell.phenotypes]
    assert len(judged) >= 9
    assert {cell.origin for cell in judged} == {"llm"}
    assert {cell.llm_model for cell in judged} == {f"compatible:{GEMMA.name}"}


def test_five_of_them_differ_from_one_another_and_trade(asked, store):
    cells = [store.cell(one.cell.cell_id) for one in asked if one.cell is not None]
    trading = {
        cell.genome_id
        for cell in cells
        if any(row.split == "train" and row.metrics["trades"] > 0 for row in cell.phenotypes)
    }
    assert len(trading) >= 5


def test_every_answer_is_a_proposal_whose_genome_parses(asked):
    attempts = [attempt for one in asked for attempt in one.attempts]
    assert [attempt.error for attempt in attempts if attempt.error is not None] == []
    assert all(parse(attempt.proposal.genome).rules for attempt in attempts)


def test_a_poor_result_is_fed_back_and_another_genome_comes(asked):
    again = [one.attempts for one in asked if len(one.attempts) > 1]
    assert all("It was backtested" in attempts[1].prompt for attempts in again)
    assert any(attempts[0].proposal.genome != attempts[1].proposal.genome for attempts in again)


def test_a_fork_is_a_child_and_an_explanation_an_explanation(asked, llm, bench, store):
    parent = next(one.cell for one in asked if one.cell is not None)
    child = fork(parent.cell_id, "trade less often", bench, store, llm, budget=BUDGET).cell
    assert (child.parent_id, child.generation) == (parent.cell_id, parent.generation + 1)
    assert explain(parent.cell_id, store, llm, budget=BUDGET).summary


@pytest.mark.parametrize("number", range(3))
def test_with_the_whole_language_its_genomes_parse_too(url, number):
    schema = Proposal.model_json_schema()
    said = _said(url, answer_gbnf(schema, whole_language=True), seed=number)
    assert parse(Proposal.model_validate_json(said).genome).rules


def test_llama_cpp_takes_the_grammar_of_the_language(url):
    assert _said(url, genome_gbnf("readable"), max_tokens=20).startswith("IF ")


def _said(url, grammar, **more):
    messages = [{"role": "user", "content": "Write a trading strategy."}]
    reply = httpx.post(
        f"{url}/chat/completions", json={"messages": messages, "grammar": grammar, **more}, timeout=300
    )
    return reply.raise_for_status().json()["choices"][0]["message"]["content"]
