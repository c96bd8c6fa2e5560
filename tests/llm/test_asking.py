"""Answers that are no strategies: taken, corrected, or told why there is none."""

import asyncio
import threading

import pytest

from evotrade.errors import LlmAnswerUnusable, LlmBudget, LlmCancelled, SettingsError
from evotrade.llm import Budget, Explanation, Question, ask
from tests.llm.asks import model_at
from tests.llm_server import Reply

QUESTION = Question("You explain.", "Explain it.")
TOLD = {"summary": "buys", "rules": ["buys above the mean"], "strengths": [], "weaknesses": ["chops"]}


def test_an_answer_is_taken(server):
    server.says(TOLD)
    answered = ask(model_at(server), QUESTION, Explanation, Budget())
    assert answered.answer == Explanation(**TOLD)
    assert len(answered.attempts) == 1


def test_a_complaint_goes_back_to_the_model(server):
    server.says(TOLD, {**TOLD, "summary": "sells"})
    answered = ask(
        model_at(server),
        QUESTION,
        Explanation,
        Budget(),
        complaint=lambda told: "It sells." if told.summary == "buys" else None,
    )
    assert answered.answer.summary == "sells"
    assert "It sells." in server.said(1)
    assert answered.attempts[0].error == {"message": "It sells."}


def test_every_end_without_an_answer_is_an_error_that_says_which(server):
    server.says("nonsense")
    with pytest.raises(LlmAnswerUnusable, match="none of the model's 2 answers serves"):
        ask(model_at(server), QUESTION, Explanation, Budget(attempts=2))
    with pytest.raises(LlmBudget, match="tokens of an ask") as short:
        ask(model_at(server), QUESTION, Explanation, Budget(tokens=700))
    assert short.value.which == "tokens"
    server.says(Reply("x", hang_after=0))
    server.script.popleft()
    with pytest.raises(LlmCancelled, match="stopped by a person"):
        ask(model_at(server), QUESTION, Explanation, Budget(), stop=server.hanging.is_set)


def test_watchers_are_called_in_the_thread_that_asks(server):
    server.says(TOLD)
    threads = set()
    ask(
        model_at(server),
        QUESTION,
        Explanation,
        Budget(),
        complaint=lambda _: threads.add(threading.get_ident()),
        on_event=lambda _: threads.add(threading.get_ident()),
    )
    assert threads == {threading.get_ident()}


async def _asked_inside_a_loop(server):
    return ask(model_at(server), QUESTION, Explanation, Budget())


def test_it_may_be_asked_from_inside_a_running_loop(server):
    server.says(TOLD)
    assert asyncio.run(_asked_inside_a_loop(server)).answer.summary == "buys"


def test_characters_that_nobody_sees_are_taken_out_of_an_answer(server):
    server.says({**TOLD, "summary": "bu\u202eys\x00 \u200bit"})
    assert ask(model_at(server), QUESTION, Explanation, Budget()).answer.summary == "buys it"


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"tokens": -1}, {"cost_usd": 0}, {"time_s": float("nan")}]
)
def test_a_budget_that_allows_nothing_is_refused(wrong):
    with pytest.raises(SettingsError, match="give more than 0"):
        Budget(**wrong)


def test_an_answer_that_is_no_text_is_told(server):
    server.says("half a \ud800 character")
    with pytest.raises(LlmAnswerUnusable, match="its answer is unreadable"):
        ask(model_at(server), QUESTION, Explanation, Budget())
