"""GBNF read anew, from llama.cpp's description of it: whether a text is a sentence, and sentences at random.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

import re
from functools import cache
from random import Random

_TOKEN = re.compile(
    r'\s*(?:(?P<name>[a-z][a-z0-9-]*)|"(?P<text>(?:[^"\\]|\\.)*)"|\[(?P<set>(?:[^\]\\]|\\.)*)\]'
    r"|\{(?P<count>\d+(?:,\d*)?)\}|(?P<sign>[()|*+?]))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_SIGNS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST = 3  # repeats in a sentence at random, where the grammar has no end


class Grammar:
    """Nested tuples: ("or", …), ("and", …), ("many", inner, least, most), ("set", letters), ("is", name)."""

    def __init__(self, text):
        lines = (line.split(" ::= ", 1) for line in text.splitlines())
        self.rules = {name: _Reader(body).read() for name, body in lines}

    def accepts(self, text):
        """Whether the whole text is a sentence."""

        @cache
        def ends(node, start):
            match node:
                case ("set", letters):
                    return (
                        frozenset([start + 1])
                        if text[start : start + 1] in letters and start < len(text)
                        else frozenset()
                    )
                case ("is", name):
                    return ends(self.rules[name], start)
                case ("or", *options):
                    return frozenset().union(*(ends(option, start) for option in options))
                case ("and", *parts):
                    places = {start}
                    for part in parts:
                        places = {end for place in places for end in ends(part, place)}
                    return frozenset(places)
                case ("many", inner, least, most):
                    return _repeated(lambda place: ends(inner, place), start, least, most)

        return len(text) in ends(("is", "root"), 0)

    def sentence(self, random: Random, size: int = 60):
        """A sentence at random; when `size` choices are made, it takes the shortest ways to an end."""
        left = [size]

        def grown(node):
            left[0] -= 1
            match node:
                case ("set", letters):
                    return random.choice(sorted(letters))
                case ("is", name):
                    return grown(self.rules[name])
                case ("or", *options):
                    return grown(random.choice(options) if left[0] > 0 else min(options, key=self._weight))
                case ("and", *parts):
                    return "".join(grown(part) for part in parts)
                case ("many", inner, least, most):
                    most = least + _MOST if most is None else most
                    return "".join(
                        grown(inner) for _ in range(random.randint(least, most) if left[0] > 0 else least)
                    )

        return grown(("is", "root"))

    def _weight(self, node, seen=()):
        """Choices on the shortest way through a node."""
        match node:
            case ("is", name):
                return 1e9 if name in seen else 1 + self._weight(self.rules[name], (*seen, name))
            case ("or", *options):
                return 1 + min(self._weight(option, seen) for option in options)
            case ("and", *parts):
                return 1 + sum(self._weight(part, seen) for part in parts)
            case ("many", inner, least, _):
                return 1 + least * self._weight(inner, seen)
        return 1


def _repeated(step, start, least, most):
    found, places, count = {start} if least == 0 else set(), {start}, 0
    while places and (most is None or count < most):
        count += 1
        places = {end for place in places for end in step(place)} - (found if count > least else set())
        found |= places if count >= least else set()
    return frozenset(found)


class _Reader:
    def __init__(self, body):
        self.tokens = list(_TOKEN.finditer(body.rstrip()))
        assert "".join(token.group() for token in self.tokens) == body.rstrip(), body
        self.at = 0

    def read(self):
        node = self._options()
        assert self.at == len(self.tokens)
        return node

    def _next(self, kind):
        return self.tokens[self.at].group(kind) if self.at < len(self.tokens) else None

    def _options(self):
        options = [self._parts()]
        while self._next("sign") == "|":
            self.at += 1
            options.append(self._parts())
        return options[0] if len(options) == 1 else ("or", *options)

    def _parts(self):
        parts = []
        while self.at < len(self.tokens) and self._next("sign") not in ("|", ")"):
            parts.append(self._many(self._item()))
        return parts[0] if len(parts) == 1 else ("and", *parts)

    def _many(self, inner):
        sign, count = self._next("sign"), self._next("count")
        if sign in _SIGNS:
            self.at += 1
            return ("many", inner, *_SIGNS[sign])
        if count:
            self.at += 1
            least, comma, most = count.partition(",")
            return ("many", inner, int(least), int(most) if most else None if comma else int(least))
        return inner

    def _item(self):
        token = self.tokens[self.at]
        self.at += 1
        if token["sign"] == "(":
            inner = self._options()
            assert self._next("sign") == ")"
            self.at += 1
            return inner
        if token["name"]:
            return ("is", token["name"])
        if token["set"] is not None:
            return ("set", frozenset(_letters(token["set"])))
        assert token["text"] is not None, token
        return ("and", *(("set", frozenset(letter)) for letter in _unescaped(token["text"])))


def _unescaped(text):
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)


def _letters(text):
    for low, high in re.findall(r"(\\.|[^-\\]|-$)(?:-(\\.|[^\\]))?", text):
        low, high = _unescaped(low), _unescaped(high or low)
        yield from map(chr, range(ord(low), ord(high) + 1))
