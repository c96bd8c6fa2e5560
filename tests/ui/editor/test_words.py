"""The words on offer are those of the language, each with a line about it."""

import re

import pytest

from evotrade.genome import parse
from evotrade.genome.functions import ALIASES, FUNCTIONS, SYMBOLS, TIMEFRAMES, WINDOWS
from evotrade.ui.editor.words import suffixes, words
from evotrade.ui.genome import ACTIONS, KEYWORDS
from tests.paths import ROOT

GRAMMAR = (ROOT / "evotrade/genome/grammar.lark").read_text(encoding="utf-8")
WORDS = {word.name: word for word in words()}


def test_every_word_of_the_grammar_and_of_the_tables_is_on_offer_once():
    fixed = set(re.findall('"([A-Z]+)"i', GRAMMAR))
    assert set(WORDS) == fixed | set(SYMBOLS) | set(FUNCTIONS)
    assert len(WORDS) == len(words())


def test_the_fixed_words_of_the_grammar_are_keywords_actions_or_functions():
    assert set(re.findall('"([A-Z]+)"i', GRAMMAR)) == {*KEYWORDS, *ACTIONS} | (set(FUNCTIONS) - WINDOWS)


def test_every_alias_finds_its_symbol():
    assert {word.alias: word.name for word in words() if word.alias} == ALIASES


def test_every_timeframe_is_on_offer_after_an_underscore():
    assert [suffix.name for suffix in suffixes()] == [f"_{name}" for name in TIMEFRAMES]


@pytest.mark.parametrize("word", [*words(), *suffixes()])
def test_every_word_has_a_line_about_it(word):
    assert word.doc.strip()
    assert "\n" not in word.shown + word.doc


@pytest.mark.parametrize("name", [*SYMBOLS, *sorted(WINDOWS)])
@pytest.mark.parametrize("suffix", suffixes())
def test_a_suffix_on_offer_may_follow(name, suffix):
    word = WORDS[name]
    arguments = "(DELTA, 2)" if word.calls else ""
    assert word.suffixed
    assert parse(f"IF {name}{suffix.name}{arguments} > 1 THEN BUY").timeframes


def test_functions_of_one_bar_take_no_suffix():
    assert not any(WORDS[name].suffixed for name in set(FUNCTIONS) - WINDOWS)


def test_a_function_shows_how_it_is_called_and_a_symbol_its_alias():
    assert WORDS["AVG"].shown == "AVG(x, n)"
    assert WORDS["HIGHER"].shown == "HIGHER(a, b)"
    assert WORDS["DELTA"].doc == "CLOSE"
    assert WORDS["EPSILON"].doc == "VOLUME · volume in base currency"
