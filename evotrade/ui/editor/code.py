"""The code editor of the genome language: colours, errors at their place, words on offer.

The browser owns the text while somebody types. It sends what was typed with the number of the sending,
the answer carries that number, so the browser knows which text the errors belong to, and no answer,
however late, ever writes into the text. Only another `revision` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from evotrade.errors import GenomeError
from evotrade.genome import parse
from evotrade.genome.limits import MAX_TEXT_BYTES
from evotrade.ui.editor.words import suffixes, words
from evotrade.ui.genome import COLOURS, KINDS, TOKEN

EXAMPLE = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY\nIF DELTA(0) < MIN_4H(GAMMA, 12) THEN SELL"
"""What an empty editor shows in grey."""


class Mark(NamedTuple):
    """An error at its place: `line` and `column` from 1, `length` in characters, as Python counts them.

    `suggestion` is what may stand there instead, "" where nothing is known.
    """

    line: int
    column: int
    length: int
    message: str
    suggestion: str = ""


def mark(error: GenomeError) -> Mark:
    """The mark of an error."""
    return Mark(error.line, error.column, error.length, error.message, error.suggestion or "")


def check(text: str) -> tuple[Mark, ...]:
    """The marks of a text: none where it is a genome."""
    try:
        parse(text)
    except GenomeError as error:
        return (mark(error),)
    return ()


def edit(
    value: str,
    errors: Sequence[Mark] | None = None,
    key: str = "genome",
    *,
    revision: int | str = 0,
    label: str = "Genome",
    on_change: Callable[[], None] | None = None,
    on_done: Callable[[], None] | None = None,
) -> str:
    """The editor; returns the text as it is written now.

    It starts with `value`, and what is written stays through all later runs, whatever `value` is then,
    until `revision` is another one: then `value` replaces the text (Ctrl+Z brings it back). `errors` are
    the marks to show; without them, those of `check`, and none while nothing is written. `on_change` is
    called when other text came, before the page runs, even if it is another page that runs then; `on_done`
    when somebody pressed Ctrl+Enter in the text, all of which has come by then.
    """
    text = written(value, key, revision=revision)
    if errors is None:
        errors = check(text) if text.strip() else ()
    _COMPONENT(
        key=key,
        data={
            "text": text,
            "revision": revision,
            "sending": _sending(key, revision),
            "marks": [each._asdict() for each in errors],
            "label": label,
            **_LANGUAGE,
        },
        on_draft_change=on_change or _nothing,
        on_done_change=on_done or _nothing,
    )
    return text


def _nothing() -> None:
    pass


def written(value: str, key: str = "genome", *, revision: int | str = 0) -> str:
    """What `edit` is going to return in this run: for what stands above the editor and needs the text."""
    text = _draft(key, revision).get("text")
    return _clean(text if isinstance(text, str) else value)


def _draft(key: str, revision: int | str) -> Mapping[str, Any]:
    """What the browser sent last, if it belongs to this revision."""
    state = st.session_state.get(key)
    draft = state.get("draft") if isinstance(state, Mapping) else None
    if isinstance(draft, Mapping) and draft.get("revision", revision) == revision:
        return draft
    return {}


def _sending(key: str, revision: int | str) -> int:
    number = _draft(key, revision).get("sending")
    return number if isinstance(number, int) else 0


def _clean(text: str) -> str:
    """The text as a text field holds it and UTF-8 can write it: lines end in \\n, no half characters."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", _LINE_END.sub("\n", text))


_LINE_END = re.compile(r"\r\n?")
_HALF = re.compile("[\ud800-\udfff]")  # of a pair that somebody cut; JSON carries it, UTF-8 cannot

_LANGUAGE = {
    "token": TOKEN.pattern,
    "kinds": KINDS,
    "words": [each._asdict() for each in words()],
    "suffixes": [each._asdict() for each in suffixes()],
    "longest": MAX_TEXT_BYTES,
    "example": EXAMPLE,
}
"""What the browser must know of the language."""


_HERE = Path(__file__).parent
_SCRIPTS = ("code_language.js", "code_offers.js", "code.js")


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


# One module of all scripts, without a build step.
_COMPONENT = st.components.v2.component(
    "evotrade_code",
    html="""
<div class="frame">
  <div class="sheet">
    <div class="paint" aria-hidden="true"></div>
    <textarea rows="1" spellcheck="false" autocomplete="off" autocapitalize="off" autocorrect="off"
      aria-autocomplete="list" aria-haspopup="listbox" aria-controls="words" aria-describedby="status"
    ></textarea>
  </div>
</div>
<div id="status" role="status"></div>
<ul id="words" role="listbox" aria-label="Words on offer" popover="manual"></ul>
""",
    css=COLOURS + _read("code.css"),
    js="\n".join(map(_read, _SCRIPTS)),
)
