"""What a provider's refusal means to who asked: pydantic-ai's errors in the words of evotrade's tree."""

from __future__ import annotations

from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelUnavailableError,
)

from evotrade.errors import (
    LlmAnswerUnusable,
    LlmBudget,
    LlmBusy,
    LlmError,
    LlmNotConfigured,
    LlmUnreachable,
)
from evotrade.llm.choice import KEY_VARIABLES
from evotrade.llm.models import Llm

_LONGEST = 200


def refusal(error: AgentRunError, llm: Llm) -> LlmError:
    """The error to raise, which says who refused what and how to mend it, without any key."""
    match error:
        case ModelRateLimitError() | ModelUnavailableError():
            when = "later" if error.retry_after is None else f"in {error.retry_after:g} s"
            return LlmBusy(f"{llm.label} is busy: ask again {when}", error.retry_after)
        case ModelQuotaExceededError():
            return LlmBudget(
                f"{llm.label} says that the account's quota is used up: top it up there", "money"
            )
        case ModelAuthenticationError():
            variable = KEY_VARIABLES.get(llm.label.partition(":")[0], KEY_VARIABLES["compatible"])
            return LlmNotConfigured(
                f"{llm.label} refuses the key: mend {variable}, or the entry in the keyring"
            )
        case ModelNotFoundError():
            return LlmNotConfigured(f"{llm.label} is not known to its server: mend EVOTRADE_LLM")
        case ModelContextWindowExceededError():
            return LlmBudget(f"the question is longer than {llm.label} can read: ask for less", "tokens")
        case ModelHTTPError():
            return LlmUnreachable(
                f"{llm.label} refuses the request ({_why(error, llm)}): look at its server's log"
            )
        case ModelConnectionError(phase="read"):
            return LlmUnreachable(f"{llm.label} broke off its answer ({_why(error, llm)}): ask again")
        case ModelAPIError():
            return LlmUnreachable(
                f"{llm.label} cannot be reached ({_why(error, llm)}): see that its server runs, and that "
                "EVOTRADE_LLM names it"
            )
    return LlmAnswerUnusable(f"{llm.label} gave no answer that serves ({_why(error, llm)}): ask again")


def _why(error: AgentRunError, llm: Llm) -> str:
    text = " ".join(llm.redact(str(error)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
