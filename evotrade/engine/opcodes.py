"""The instructions of a program over blocks of bars, which `program.py` writes and backends run."""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """What an instruction computes, bar by bar; NaN and zeros as in `evaluator.py` and `windows.py`."""

    NUMBER = 0
    """the constant"""
    NEGATIVE = 1
    MAGNITUDE = 2
    ADD = 3
    SUBTRACT = 4
    MULTIPLY = 5
    DIVIDE = 6
    HIGHER = 7
    LOWER = 8
    SUM = 9
    """its pieces added in order, divided by the constant unless that is 1"""
    CLAMP = 10
    """the operand kept between pieces: the lower of two, and the higher of two"""
    STD = 11
    """root of (merged squared deviations of its pieces, sums and deviations by turns) / constant"""
    UNLESS_FLAT = 12
    """the operand, 0 where the lower of two pieces equals the higher of two"""
    RSI = 13
    """strength of two sums, of gains and of losses"""
    EMA = 14
    """over the constant's bars of the first piece, kept between the others: two for the minimum, two for the
    maximum of its memory"""
    AS_OF = 15
    """its piece, a series of higher bars, as of the last of them that has ended"""
    GREATER = 16
    AT_LEAST = 17
    EQUAL = 18
    UNEQUAL = 19
    AND = 20
    OR = 21
    NOT = 22
    VOTE = 23
    """a rule's vote: `FIRST` where the condition holds, `COUNT` elsewhere"""
    CHOOSE = 24
    """the only rule's vote, which is the decision of genome `TO`"""
    DECIDE = 25
    """what the `FIRST` votes since the last decision make genome `TO` decide, combined as `COUNT` says"""


OP, TO, A, A_ROW, B, B_ROW, FIRST, COUNT = range(8)
"""Columns of an instruction: operation, destination, two operands, first and number of its pieces.

An operand is a register, and its row 0; or a place in a row, counted from where that row begins (`-ago`), and
which row it is, the guard before the first one being number 0."""


class Make(IntEnum):
    """How a row is made from other rows, `half` bars apart; NaN where a bar it needs does not exist."""

    ADD = 0
    """the source and what it was half a window before"""
    MAXIMUM = 1
    MINIMUM = 2
    NO_DEVIATION = 3
    """squared deviations of single bars: 0, NaN where the source is"""
    DEVIATION = 4
    """squared deviations of two halves, with the second source for those of the halves themselves"""
    GAIN = 5
    """what the source rose since the bar before"""
    LOSS = 6


COMBINES = {"votes": 0, "first": 0, "majority": 1, "unanimous": 2}
"""How rules are combined, as numbers; of `first` only one rule is compiled."""
MAJORITY, UNANIMOUS = COMBINES["majority"], COMBINES["unanimous"]

FIRST_FLAG = Op.GREATER
"""Operations from here on yield truth, those before it numbers."""
