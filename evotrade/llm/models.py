"""The language model of the settings, as pydantic-ai's: how it is reached, answers, and is paid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar

import httpx
from genai_prices import Usage, calc_price
from pydantic import BaseModel
from pydantic_ai import NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models import Model
from pydantic_ai.profiles.openai import OpenAIModelProfile

from evotrade.llm.choice import Choice, chosen
from evotrade.llm.grammar import answer_gbnf
from evotrade.settings import Settings

_Output = TypeVar("_Output", bound=BaseModel)
_HIDDEN = "•••"
_PER_MTOK = 1e6

Mode = Literal["native", "tool", "prompted"]
"""How a model is made to answer in a schema: by its API's own means, as the arguments of a tool that is never
run, or by words alone."""


class Prices(NamedTuple):
    """US dollars for a million tokens in and out."""

    in_usd_per_mtok: float
    out_usd_per_mtok: float


@dataclass(frozen=True, slots=True)
class Llm:
    """A language model to ask. `label` is how it is known everywhere: `openai:gpt-5`.

    `make` gives pydantic-ai's model, anew for each ask, since its connections belong to one event loop;
    `extra_body` gives further fields of the request for an answer of that type, as a grammar, where the
    server takes them; `choice` is what it was made of, where `ready` may learn more of it; `hidden` are keys,
    which no message may show.
    """

    label: str
    make: Callable[[], Model] = field(repr=False)
    mode: Mode = "prompted"
    prices: Prices | None = None
    priced_as: tuple[str, str] | None = None
    extra_body: Callable[[type[BaseModel]], Mapping[str, Any]] | None = field(default=None, repr=False)
    choice: Choice | None = field(default=None, repr=False)
    retries_itself: bool = False
    hidden: tuple[str, ...] = field(default=(), repr=False)

    def cost_usd(self, tokens_in: int, tokens_out: int) -> float | None:
        """US dollars of so many tokens; None where the price is not known."""
        if self.prices is not None:
            paid = tokens_in * self.prices.in_usd_per_mtok + tokens_out * self.prices.out_usd_per_mtok
            return paid / _PER_MTOK
        if self.priced_as is None:
            return None
        provider, model = self.priced_as
        try:
            price = calc_price(
                Usage(input_tokens=tokens_in, output_tokens=tokens_out), model, provider_id=provider
            )
        except (LookupError, ValueError):  # a model that the list of prices lacks
            return None
        return float(price.total_price)

    def paid_usd(self, told: Decimal | None, tokens_in: int, tokens_out: int) -> float | None:
        """What an answer cost: by the prices set, otherwise as pydantic-ai tells, which knows of caches."""
        if self.prices is None and told is not None:
            return float(told)
        return self.cost_usd(tokens_in, tokens_out)

    def output(
        self, kind: type[_Output]
    ) -> NativeOutput[_Output] | ToolOutput[_Output] | PromptedOutput[_Output]:
        """How pydantic-ai is to ask for an answer of that kind."""
        match self.mode:
            case "native":
                return NativeOutput(kind)
            case "tool":
                return ToolOutput(kind, name="answer")
            case "prompted":
                return PromptedOutput(kind)

    def output_text(self, kind: type[BaseModel]) -> str:
        """What a request says of the answer's shape."""
        return json.dumps(kind.model_json_schema())

    def redact(self, text: str) -> str:
        """The text without keys."""
        for key in self.hidden:
            text = text.replace(key, _HIDDEN)
        return text


def llm_of(settings: Settings) -> Llm:
    """The language model of the settings, which is not asked yet. `LlmNotConfigured` says what to set."""
    return llm_for(chosen(settings), settings)


def llm_for(choice: Choice, settings: Settings) -> Llm:
    """The language model of a choice, paid as the settings say."""
    price_in, price_out = settings.llm_price_in_usd_per_mtok, settings.llm_price_out_usd_per_mtok
    prices = None if price_in is None and price_out is None else Prices(price_in or 0.0, price_out or 0.0)
    return Llm(
        label=choice.label,
        make=lambda: _model(choice),
        mode=_MODES[choice.provider],
        prices=prices,
        priced_as=(choice.provider, choice.model) if choice.provider in _PRICED else None,
        choice=choice,
        retries_itself=choice.provider != "google",
        hidden=(choice.key,) if choice.key else (),
    )


def ready(llm: Llm, timeout_s: float = 5.0) -> Llm:
    """The same model with what its server says of it: its name, and whether it takes a grammar.

    Only a server named by its address is asked. One that does not answer, or says nothing, leaves the model
    as it is: what is wrong with it is told when it is asked.
    """
    choice = llm.choice
    if choice is None or choice.provider != "compatible":
        return llm
    served = _served(choice, timeout_s)
    if served is None:
        return llm
    known = replace(choice, model=choice.model or str(served.get("id") or ""))
    takes_grammar = served.get("grammar") == _GRAMMAR or served.get("owned_by") in _TAKES_GRAMMAR
    return replace(
        llm,
        label=known.label,
        make=lambda: _model(known),
        choice=known,
        extra_body=_grammar_body if takes_grammar else llm.extra_body,
    )


def _served(choice: Choice, timeout_s: float) -> Mapping[str, Any] | None:
    """What the server says of the model chosen, or of its first; None where it says nothing of use."""
    headers = {"Authorization": f"Bearer {choice.key}"} if choice.key else {}
    try:
        reply = httpx.get(f"{choice.url}/models", headers=headers, timeout=timeout_s)
        entries = reply.raise_for_status().json()["data"]
        fitting = [one for one in entries if choice.model in ("", str(one["id"]))]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return fitting[0] if fitting else None


def _grammar_body(kind: type[BaseModel]) -> Mapping[str, Any]:
    """A grammar for the answer, so that a model of any size writes one that can be read."""
    return {"grammar": answer_gbnf(kind.model_json_schema())}


_GRAMMAR = "gbnf"
"""What a server's list of models says under `grammar` of a model that takes one, beside the messages."""
_TAKES_GRAMMAR = ("llamacpp",)  # by what llama.cpp's own server calls itself
_PRICED = ("anthropic", "openai", "google")
_MODES: Mapping[str, Mode] = {
    "anthropic": "tool",
    "openai": "native",
    "google": "native",
    "ollama": "native",
    # No response_format and no tools: what a small local server may not know, or knows in its own way.
    "compatible": "prompted",
}
_PLAIN = OpenAIModelProfile(
    supports_json_object_output=False,
    supports_json_schema_output=False,
    # Templates of small models refuse a system message behind the first, and know max_tokens by its old name.
    supports_inline_system_prompts=False,
    openai_chat_supports_max_completion_tokens=False,
    openai_chat_supports_multiple_system_messages=False,
)


def _model(choice: Choice) -> Model:
    return _MAKERS[choice.provider](choice)


# Each provider's library takes up to a second to import: only the one that is used is.


def _anthropic(choice: Choice) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    return AnthropicModel(choice.model, provider=AnthropicProvider(api_key=choice.key))


def _openai(choice: Choice) -> Model:
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return OpenAIResponsesModel(choice.model, provider=OpenAIProvider(api_key=choice.key))


def _google(choice: Choice) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    return GoogleModel(choice.model, provider=GoogleProvider(api_key=choice.key))


def _ollama(choice: Choice) -> Model:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    return OllamaModel(choice.model, provider=OllamaProvider(base_url=choice.url))


def _compatible(choice: Choice) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    provider = OpenAICompatibleProvider("compatible", base_url=choice.url or "", api_key=choice.key)
    return OpenAIChatModel(choice.model or "default", provider=provider, profile=_PLAIN)


_MAKERS: Mapping[str, Callable[[Choice], Model]] = {
    "anthropic": _anthropic,
    "openai": _openai,
    "google": _google,
    "ollama": _ollama,
    "compatible": _compatible,
}
