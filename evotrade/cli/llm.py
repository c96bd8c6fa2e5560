"""`evotrade llm …`: the language model of this machine; what there is of others is in `models`."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evotrade.cli import models
from evotrade.cli.children import HOST, child, free_port, until_interrupted, wait_for
from evotrade.cli.output import note, say
from evotrade.errors import EvotradeError, LlmError, LlmNotConfigured

_PORT = 8720
_ANSWER_S = 60.0

llm = typer.Typer(
    no_args_is_help=True,
    help="The language model: its score, what it says of many cells, one for this machine.",
)

AcceptOption = Annotated[
    bool,
    typer.Option(
        "--accept-licence", help="Accept the model's terms of use, which are shown, without being asked."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    models.register(llm)
    app.add_typer(llm, name="llm")


@llm.command()
def serve(
    port: Annotated[int, typer.Option(help="Its port; the next free one where it is taken.")] = _PORT,
    accept_licence: AcceptOption = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads to think with; half of the processors.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the first answer, counted up for each; a random one.")
    ] = None,
    whole_language: Annotated[
        bool, typer.Option(help="Let it write all of the language, not only genomes of shapes that trade.")
    ] = False,
) -> None:
    """Run the offline model, for asks without network and key; Ctrl-C ends it."""
    from evotrade.llm import local

    folder = local.own_folder()
    _agree(folder, accept_licence)
    model = local.model_file(folder, local.GEMMA)
    chosen = free_port(port)
    command = [
        *("-m", "evotrade.llm.local_server", "--model", str(model), "--name", local.GEMMA.name),
        *("--port", str(chosen), "--threads", str(threads or max(1, (os.cpu_count() or 2) // 2))),
        *("--seed", str(secrets.randbelow(1 << 30) if seed is None else seed)),
        *(["--whole-language"] if whole_language else []),
    ]
    url = f"http://{HOST}:{chosen}/v1"
    with until_interrupted(), _running(command, url, folder / "local-llm.log") as server:
        say(f"{local.GEMMA.name} answers at {url}   Ctrl-C ends it.")
        say(f"To ask it: export EVOTRADE_LLM={url}#{local.GEMMA.name}")
        server.wait()
        raise LlmError(f"the model's server ended: {folder / 'local-llm.log'} says why")


@llm.command()
def terms(accept_licence: AcceptOption = False) -> None:
    """Show the offline model's terms of use, and accept them."""
    from evotrade.llm import local

    local.check_installed(local.GEMMA)
    folder, shown = local.own_folder(), local.terms_of(local.GEMMA)
    if local.is_accepted(shown, folder):
        say(shown.text)
        note("These terms were accepted before.")
    else:
        _agree(folder, accept_licence)


def _agree(folder: Path, accept_licence: bool) -> None:
    """Show the model's terms before its first use; nothing where they were accepted before.

    `LlmNotConfigured` where nobody accepts them.
    """
    from evotrade.llm import local

    local.check_installed(local.GEMMA)
    shown = local.terms_of(local.GEMMA)
    if local.is_accepted(shown, folder):
        return
    say(shown.text)
    name, url = local.GEMMA.name, local.GEMMA.terms_url
    note(f"\nThese are the terms of use of {name}, which is not part of evotrade; also at {url}.")
    asked = not accept_licence and sys.stdin.isatty()
    if not (accept_licence or (asked and typer.confirm("Do you accept them?"))):
        raise LlmNotConfigured(
            f"{name} is not used unless its terms are accepted: answer yes, or give --accept-licence"
        )
    local.accept(shown, folder, datetime.now(UTC), "asked" if asked else "--accept-licence")
    note(f"Accepted; recorded in {folder}.")


@contextmanager
def _running(command: list[str], url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The server's process while the block runs, once it has answered."""
    log.unlink(missing_ok=True)
    with child(command, log=log) as server:
        try:
            wait_for(f"{url}/models", server, "the model's server")
            _first_words(url)
        except EvotradeError:
            with suppress(subprocess.TimeoutExpired):
                server.wait(1)
            if server.returncode is not None and server.returncode < 0:
                raise LlmError(
                    f"llama.cpp crashed on this processor (signal {-server.returncode}): build it anew with "
                    "CMAKE_ARGS=-DGGML_NATIVE=OFF pip install --force-reinstall --no-cache-dir --no-deps "
                    "llama-cpp-python"
                ) from None
            raise
        yield server


def _first_words(url: str) -> None:
    """Have it say a word: a build that does not suit the processor crashes now, not in the first ask."""
    asked = urllib.request.Request(
        f"{url}/completions",
        data=b'{"prompt": "A", "max_tokens": 1}',
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=_ANSWER_S) as answer:
            answer.read()
    except OSError as error:
        raise LlmError(f"the model's server gives no answer ({error}): see local-llm.log") from None
