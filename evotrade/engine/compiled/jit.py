"""How kernels are compiled, and where numba keeps what it compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

_ENGINE = Path(__file__).parents[1]
_config: Any = numba.config  # numba fills it in from the environment


def source_hash(folder: Path) -> str:
    """16 hexadecimal digits that name numba's version and every Python file in a folder and below."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """Where compiled kernels are kept from one process to the next; None where nothing can be written.

    It lies in `NUMBA_CACHE_DIR` or else in `~/.cache/evotrade`, and is named by a hash of the engine's
    source: numba's own cache does not notice that a function has changed which a kernel calls.
    """
    root = Path(_config.CACHE_DIR) if _config.CACHE_DIR else Path.home() / ".cache" / "evotrade"
    folder = root / f"kernels-{source_hash(_ENGINE)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled when it is first called: other threads run on, a division by zero is no error."""
    folder, before = cache_folder(), _config.CACHE_DIR
    _config.CACHE_DIR = str(folder or "")  # read while a function is decorated, and of it alone
    try:
        compiled: Callable[..., Any] = numba.njit(
            function, cache=folder is not None, nogil=True, error_model="numpy"
        )
    finally:
        _config.CACHE_DIR = before
    return compiled
