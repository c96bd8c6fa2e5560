"""The command that compiles the kernels before anybody needs them."""

from __future__ import annotations

import time

import typer

from evotrade.cli.output import note, say
from evotrade.engine.backends import compiled_backend


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(warm)


def warm() -> None:
    """Compile the kernels now, so that the first evolution finds them ready; seconds once, then a moment."""
    note("Compiling …")
    began = time.perf_counter()
    compiled_backend()
    from evotrade.engine.compiled.jit import cache_folder  # numba: only here, where it has been waited for

    folder = cache_folder()
    kept = f"kept in {folder}" if folder else "not kept: no folder for them can be written"
    say(f"kernels   ready after {time.perf_counter() - began:.1f} s, {kept}")
