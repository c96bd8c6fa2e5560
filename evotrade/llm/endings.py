"""How an ask ended, in a sentence that says what to do."""

from __future__ import annotations

from evotrade.llm.attempts import Attempt, Budget, Reason


def message_of(reason: Reason, budget: Budget, attempts: tuple[Attempt, ...], error: str = "") -> str:
    """The sentence for a reason; `error` is what the model's server said, where that ended it."""
    match reason:
        case "done":
            return f"the model's answer {len(attempts)} of at most {budget.attempts} serves"
        case "attempts":
            return (
                f"none of the model's {len(attempts)} answers serves{_last(attempts)}: ask otherwise, or "
                "allow more with llm_attempts"
            )
        case "tokens":
            used = sum(one.tokens_in + one.tokens_out for one in attempts)
            return (
                f"the next answer would exceed the {budget.tokens:,} tokens of an ask ({used:,} are used"
                f"{_last(attempts)}): ask for less, or allow more with llm_max_tokens"
            )
        case "money":
            return (
                f"the next answer would exceed the {budget.cost_usd:g} USD of an ask"
                f"{_last(attempts)}: ask for less, or allow more with llm_max_cost_usd"
            )
        case "time":
            return (
                f"the {budget.time_s:g} s of an ask are over{_last(attempts)}: ask again, or allow more with "
                "llm_timeout_s"
            )
        case "cancelled":
            return f"stopped by a person after {len(attempts)} of at most {budget.attempts} answers"
        case "failed":
            return error


def _last(attempts: tuple[Attempt, ...]) -> str:
    """What was wrong with the last answer."""
    if not attempts:
        return ""
    last = attempts[-1]
    if last.error is None:
        return " (the last was judged too poor)"
    told = " ".join(str(last.error["message"]).split())
    return f" (the last: {told[:200]})"
