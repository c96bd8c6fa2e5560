"""Every error evotrade raises on purpose, one tree with one root.

    EvotradeError
    ├── GenomeError            text or tree that is no genome, or cannot run on the data it was bound to
    ├── SettingsError          a setting, option or argument out of its range
    ├── DataError              candles, or a file of cells, that cannot be used
    │   ├── BadCandle          one bar that breaks the candle contract
    │   ├── BadCandleFile      a file that cannot be read as candles
    │   └── NotEnoughCandles   fewer bars than the work needs
    ├── ExchangeError          the exchange refused, failed or could not be reached
    │   ├── ExchangeUnreachable    no answer: what was asked may or may not have been done
    │   ├── ExchangeBusy           it answered that it cannot now: maintenance, rate limit, overload
    │   └── OrderRefused           it will not take this order, and says why
    ├── SessionError           a live session that cannot do what was asked in its state
    │   ├── SessionRefused     a start, or a resumption, that a check forbids
    │   └── DeskLimit          more sessions or money than the desk's limits allow
    ├── DaemonError            the daemon is not running, or would not do what was asked
    ├── EvolutionError         a dish that cannot be run or resumed as asked
    ├── LlmError               a language model that cannot be asked, or whose answer serves nothing
    │   ├── LlmNotConfigured       no model is set, or its key is missing
    │   ├── LlmUnreachable         no answer: the server is not there, refuses, or broke off
    │   ├── LlmBusy                it answered that it cannot now, and for how long
    │   ├── LlmAnswerUnusable      it answered, but not what was asked for
    │   ├── LlmBudget              attempts, tokens, money or time of the ask are used up
    │   └── LlmCancelled           a person stopped it
    └── StoreError             the DuckDB file
        ├── StoreBusy          somebody else holds the file
        ├── StoreDamaged       the file is not a usable evotrade store
        ├── StoreTooNew        the file was written by a newer evotrade
        ├── SlowQuery          a read held the lock for too long and was interrupted
        └── NotFound           no such cell, dish, run or series

A message says what is wrong, where, and how to repair it, in one sentence.
"""

from __future__ import annotations


class EvotradeError(Exception):
    """Root of the tree; catch it to show a person one sentence instead of a traceback."""


class GenomeError(EvotradeError, ValueError):
    """A genome that does not parse, breaks a limit, or cannot run on the data it was bound to.

    `line` and `column` are 1-based places in the genome's text, `length` the number of characters
    concerned, `suggestion` a replacement for them or None.
    """

    def __init__(
        self, message: str, *, line: int = 1, column: int = 1, length: int = 1, suggestion: str | None = None
    ) -> None:
        self.message = message
        self.line = line
        self.column = column
        self.length = length
        self.suggestion = suggestion
        super().__init__(message, line, column, length, suggestion)

    def __str__(self) -> str:
        hint = f". Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"line {self.line}, column {self.column}: {self.message}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary intact: keyword-only arguments are not in `args`."""
        return (_genome_error, (self.message, self.line, self.column, self.length, self.suggestion))


def _genome_error(message: str, line: int, column: int, length: int, suggestion: str | None) -> GenomeError:
    return GenomeError(message, line=line, column=column, length=length, suggestion=suggestion)


class SettingsError(EvotradeError, ValueError):
    """A setting, option or argument out of its range."""


class DataError(EvotradeError):
    """Candles, or a file of cells, that cannot be used."""


class BadCandle(DataError, ValueError):
    """One bar that breaks the candle contract."""


class BadCandleFile(DataError):
    """A file that cannot be read as candles."""


class NotEnoughCandles(DataError):
    """Fewer bars than the work needs."""


class ExchangeError(EvotradeError):
    """The exchange refused, failed or could not be reached."""


class ExchangeUnreachable(ExchangeError):
    """No answer came: what was asked may or may not have been done."""


class ExchangeBusy(ExchangeError):
    """The exchange answered that it cannot now: maintenance, a rate limit, an overload."""


class OrderRefused(ExchangeError):
    """The exchange will not take this order."""


class SessionError(EvotradeError):
    """A live session that cannot do what was asked in its state."""


class SessionRefused(SessionError):
    """A start, or a resumption, that a check forbids."""


class DeskLimit(SessionError):
    """More sessions, or more money, than the desk's limits allow."""


class DaemonError(EvotradeError):
    """The daemon is not running, or would not do what was asked."""


class EvolutionError(EvotradeError):
    """A dish that cannot be run or resumed as asked."""


class LlmError(EvotradeError):
    """A language model cannot be asked, or its answer serves nothing."""


class LlmNotConfigured(LlmError):
    """No language model is set, or its key is missing; the message says what to set."""


class LlmUnreachable(LlmError):
    """The model did not answer: its server is not there, refuses the request, or broke off."""


class LlmBusy(LlmError):
    """The model answered that it cannot now. `retry_after_s` is how long it asked to wait, or None."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, retry_after_s)

    def __str__(self) -> str:
        return str(self.args[0])


class LlmAnswerUnusable(LlmError):
    """The model answered, but not what was asked for."""


class LlmBudget(LlmError):
    """A budget of the ask is used up; `which` is attempts, tokens, money or time, empty where unknown."""

    def __init__(self, message: str, which: str = "") -> None:
        self.which = which
        super().__init__(message, which)

    def __str__(self) -> str:
        return str(self.args[0])


class LlmCancelled(LlmError):
    """A person stopped the ask."""


class StoreError(EvotradeError):
    """The DuckDB file cannot do what was asked."""


class StoreBusy(StoreError, TimeoutError):
    """Somebody else holds the file."""


class StoreDamaged(StoreError):
    """The file is not a usable evotrade store."""


class StoreTooNew(StoreError):
    """The file was written by a newer evotrade."""


class SlowQuery(StoreError):
    """A read held the store's lock for too long and was interrupted."""


class NotFound(StoreError, LookupError):
    """No such cell, dish, run or series in the store."""
