"""What an exchange is called in messages, and how to mend that it does not answer.

The sandbox speaks as Kraken does: the same client talks to both, and must not blame the one for the other.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Venue:
    """`name` stands where a sentence names the exchange, `repair` where nobody answers at its address."""

    name: str
    repair: str


KRAKEN = Venue("Kraken", "check network and address")
SANDBOX = Venue("the sandbox", "start it with `evotrade sandbox`, or check the address")


def venue_of(source: str) -> Venue:
    """The venue whose candles are marked so: kraken or sandbox."""
    return SANDBOX if source == "sandbox" else KRAKEN
