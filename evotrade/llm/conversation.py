"""One ask's conversation with a model: question, answer, what is wrong with it, answer …, within a budget.

pydantic-ai talks, checks answers against their schema, and feeds back what is wrong. Here is what it leaves
to the caller: what is kept of each attempt, when enough is spent, and what a busy server's wait may take.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, CancellationToken, ModelRetry, RunContext, RunTimedOut
from pydantic_ai.capabilities import Hooks
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelRateLimitError,
    ModelUnavailableError,
    RetryModelRequest,
    RunCancelled,
    UnexpectedModelBehavior,
)
from pydantic_ai.messages import (
    AgentStreamEvent,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    RetryFeedbackPart,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import UsageLimits

from evotrade.llm.attempts import OnEvent, Reason, Stop, Waiting
from evotrade.llm.calling import Line, run_apart
from evotrade.llm.models import Llm
from evotrade.llm.questions import Question
from evotrade.llm.record import Checked, Record
from evotrade.llm.refusals import refusal

_Output = TypeVar("_Output", bound=BaseModel)
_FIRST_WAIT_S = 2.0  # where a busy server does not say how long; doubled each time
Check = Callable[[_Output], Checked]


class _Enough(Exception):
    """The budget allows no further request."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


def converse(
    llm: Llm,
    question: Question,
    output: type[_Output],
    check: Check[_Output],
    record: Record,
    on_event: OnEvent,
    stop: Stop,
) -> tuple[_Output | None, Reason]:
    """The answer that `check` took and why the conversation ended; None where it took none.

    What happened is in `record`, also where it raises: `LlmError` where the model cannot be asked, and what
    `check` and `on_event` raise. All of them are called in this thread.
    """
    token = CancellationToken()
    record.expect(llm.output_text(output))
    talk = _Talk(llm, question, output, check, record, on_event, token)
    try:
        run_apart(talk.run, stop, token.cancel)
    except RunTimedOut:
        record.close_unfinished(f"there was no complete answer within {record.budget.time_s:g} s", read=True)
        return None, "time"
    except RunCancelled:
        record.close_unfinished("it was stopped by a person", read=True)
        return None, "cancelled"
    except _Enough as enough:
        return None, enough.reason
    except AgentRunError as error:
        refused = refusal(error, llm)
        record.close_unfinished(str(refused))
        raise refused from error
    return talk.answer, "done"


class _Talk(Generic[_Output]):
    """The part that runs in the event loop; what it does to the record, the thread that asks does for it."""

    def __init__(
        self,
        llm: Llm,
        question: Question,
        output: type[_Output],
        check: Check[_Output],
        record: Record,
        on_event: OnEvent,
        token: CancellationToken,
    ) -> None:
        self._llm, self._question, self._output, self._check = llm, question, output, check
        self._record, self._on_event, self._token = record, on_event, token
        self._model = llm.make()  # here, since a provider's library takes its time to import
        self._until = time.monotonic() + record.budget.time_s
        self._waits = 0
        self.answer: _Output | None = None

    async def run(self, line: Line) -> None:
        """Talk until an answer is taken; raises pydantic-ai's errors, and `_Enough`."""
        try:
            await self._talk(line)
        except ValueError as error:  # what a server sent is no text that could be sent back
            raise UnexpectedModelBehavior(f"its answer is unreadable: {error}") from error

    async def _talk(self, line: Line) -> None:
        self._line = line
        agent: Agent[object, _Output] = Agent(
            self._model,
            output_type=self._llm.output(self._output),
            instructions=self._question.instructions,
            model_settings=self._settings,
            retries=self._record.budget.attempts,  # the record stops before
            capabilities=[Hooks(model_request_error=self._wait_where_busy)],
        )
        agent.output_validator(self._judge)
        async with (
            self._model,
            agent.iter(
                self._question.prompt,
                usage_limits=UsageLimits(
                    request_limit=None
                ),  # the record looks at what is spent, before each request
                cancellation_token=self._token,
                timeout=max(0.001, self._until - time.monotonic()),
            ) as going,
        ):
            async for node in going:
                if Agent.is_model_request_node(node):
                    await self._begin(node.request)
                    async with node.stream(going.ctx) as stream:
                        await self._follow(stream)
                elif Agent.is_call_tools_node(node):
                    await self._answered(node.model_response)
        self.answer = going.result.output if going.result else None

    async def _begin(self, request: ModelRequest) -> None:
        prompt, complaint = _said(request), _complaint(request)
        reason = await self._line.do(lambda: self._record.begin(prompt, complaint))
        if reason is not None:
            raise _Enough(reason)

    async def _follow(self, stream: AsyncIterable[AgentStreamEvent]) -> None:
        async for event in stream:
            piece = _piece(event)
            if piece:
                self._line.tell(lambda piece=piece: self._record.hear(piece))  # type: ignore[misc]

    async def _answered(self, response: ModelResponse) -> None:
        usage = response.usage
        text = "\n".join(filter(None, map(_text, response.parts)))
        await self._line.do(
            lambda: self._record.answered(text, usage.input_tokens, usage.output_tokens, usage.cost)
        )

    async def _judge(self, answer: _Output) -> _Output:
        checked = await self._line.do(lambda: self._record.check(lambda: self._check(answer)))
        if not checked.ok:
            raise ModelRetry(checked.text)
        return answer

    def _settings(self, _: RunContext[object]) -> ModelSettings:
        settings = ModelSettings(max_tokens=self._record.allowance, framing_announcement="never")
        if self._llm.retries_itself:  # waiting is done here, where it can be told, stopped and limited
            settings["max_retries"] = 0
        if self._llm.extra_body is not None:
            settings["extra_body"] = dict(self._llm.extra_body(self._output))
        return settings

    async def _wait_where_busy(
        self, _: RunContext[Any], *, request_context: ModelRequestContext, error: Exception
    ) -> ModelResponse:
        """Wait as long as a busy server asks for, where the budget's time allows it, and ask again."""
        if not isinstance(error, ModelRateLimitError | ModelUnavailableError):
            raise error
        asked_s = error.retry_after
        wait_s = _FIRST_WAIT_S * 2**self._waits if asked_s is None else asked_s
        if time.monotonic() + wait_s >= self._until:
            raise error
        self._waits += 1
        number = self._record.number
        self._line.tell(lambda: self._on_event(Waiting(number, wait_s)))
        await asyncio.sleep(wait_s)
        raise RetryModelRequest


def _said(request: ModelRequest) -> str:
    """What a request newly says, as the model is shown it."""
    said = []
    for part in request.parts:
        if isinstance(part, UserPromptPart):
            said.append(str(part.content))
        elif isinstance(part, RetryFeedbackPart):
            said.append(part.model_response())
        elif isinstance(part, ToolReturnPart):
            said.append(part.model_response_str())
    return "\n\n".join(said)


def _complaint(request: ModelRequest) -> str:
    """Why the answer before was refused, in short, where its schema alone refused it."""
    for part in request.parts:
        if isinstance(part, RetryFeedbackPart | ToolReturnPart):
            if isinstance(part.content, list):
                return "; ".join(_mistake(one) for one in part.content)
            return str(part.content)
    return ""


def _mistake(details: Mapping[str, Any]) -> str:
    place = ".".join(map(str, details.get("loc", ())))
    return ": ".join(filter(None, (place, str(details.get("msg", "")))))


def _piece(event: AgentStreamEvent) -> str:
    """The text that an event brings, be it of the answer or of the arguments that it comes as."""
    if isinstance(event, PartStartEvent):
        return _text(event.part)
    if isinstance(event, PartDeltaEvent):
        if isinstance(event.delta, TextPartDelta):
            return _sound(event.delta.content_delta)
        if isinstance(event.delta, ToolCallPartDelta) and isinstance(event.delta.args_delta, str):
            return _sound(event.delta.args_delta)
    return ""


def _text(part: object) -> str:
    if isinstance(part, TextPart):
        return _sound(part.content)
    if isinstance(part, ToolCallPart) and part.args:
        return _sound(part.args if isinstance(part.args, str) else part.args_as_json_str())
    return ""


def _sound(text: str) -> str:
    """The text with ? for what is no character, which neither store nor page could hold."""
    return text.encode("utf-8", "replace").decode()
