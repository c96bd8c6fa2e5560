"""Every command and every line of Python in the README and the docs is run, in order, in an empty folder."""

import re
import shlex
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.candle_files import kraken_file
from tests.kraken_server import Kraken, serve
from tests.llm_server import proposal
from tests.llm_server import serve as serve_llm
from tests.paths import ROOT
from tests.processes import wait_until

DOCUMENTS = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
EVOTRADE = [sys.executable, "-m", "evotrade"]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a candle file in it, as a reader would have one."""
    kraken_file(tmp_path, 3_000)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOTRADE_STORE", str(tmp_path / "lab.duckdb"))
    return tmp_path


READY = re.compile("Ctrl-C ends it|daemon started")


@pytest.fixture
def background(tmp_path):
    """Starts what a reader leaves running, waits until it says that it is ready, and ends it at last."""
    with ExitStack() as running:

        def start(words):
            said = tmp_path / f"{words[-1]}.log"
            process = subprocess.Popen(
                words, stdout=running.enter_context(said.open("w")), stderr=subprocess.STDOUT
            )
            running.callback(process.wait, 30)
            running.callback(process.terminate)
            assert wait_until(lambda: READY.search(said.read_text()) or process.poll() is not None)
            assert process.poll() is None, f"{words} ended: {said.read_text()}"

        yield start


@pytest.mark.process
@pytest.mark.xdist_group("documents")  # they use the addresses that a reader would
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_works(document, folder, monkeypatch, background):
    hours = [("100.0", "1.0", hour * 3_600 * 10**9) for hour in range(100)]
    with serve(Kraken(trades=hours, now_s=99 * 3_600)) as kraken, serve_llm() as llm:
        monkeypatch.setenv("EVOTRADE_KRAKEN_URL", kraken.url)
        monkeypatch.setenv("EVOTRADE_LLM", f"{llm.url}#scripted")
        llm.says(proposal())
        for line in "".join(blocks(document, "bash")).splitlines():
            program, *words = shlex.split(line, comments=True)
            if program == "export":
                for word in words:
                    monkeypatch.setenv(*word.split("="))
                continue
            command = {"evotrade": EVOTRADE, "make": ["make", "--dry-run", "-C", str(ROOT)]}[program]
            if words[-1] == "&":
                background([*command, *words[:-1]])
                continue
            ran = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120)
            assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_python_block_runs(document, folder):
    namespace = {}
    for block in blocks(document, "python"):
        exec(compile(block, document, "exec"), namespace)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_and_picture_is_there(document):
    text = (ROOT / document).read_text()
    for target in re.findall(r'\]\(([^)#]+)\)|(?:src|srcset)="([^"]+)"', text):
        name = "".join(target)
        assert name.startswith("http") or ((ROOT / document).parent / name).exists(), name
