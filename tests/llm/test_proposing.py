"""The repair loop over real HTTP: what is fed back, what ends it, and what each end leaves behind."""

import json
import time

import pytest

from evotrade.errors import LlmBusy, LlmNotConfigured, LlmUnreachable, StoreBusy
from evotrade.llm import Budget, Finished, Outcome, Started, Streamed, Verdict, Waiting, propose
from tests.llm.asks import QUESTION, WRONG, Ask, model_at
from tests.llm_server import GENOME, Reply, busy, proposal, refusal

POOR = Verdict(False, "poor", Outcome("a", 1.0, "alive", trades=2.0))


def test_a_good_answer_at_once_ends_the_ask(server):
    server.says(proposal())
    proposed = Ask(server).propose()
    assert (proposed.reason, proposed.proposal.genome, len(proposed.attempts)) == ("done", GENOME, 1)
    assert proposed.best is proposed.attempts[0]
    assert proposed.message == "the model's answer 1 of at most 4 serves"


def test_two_genome_errors_are_fed_back_with_their_places_and_mended(server):
    server.says(proposal(WRONG), proposal("IF DELTA(0) > 1"), proposal())
    proposed = Ask(server).propose()
    assert (proposed.reason, len(proposed.attempts)) == ("done", 3)
    assert "line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?\n" in server.said(1)
    assert f"\n{WRONG}\n   ^^^^\n" in server.said(1)
    assert "line 1, column 16: expected THEN, found end of rule" in server.said(2)
    first, second, _ = proposed.attempts
    assert first.error == {
        "line": 1,
        "column": 4,
        "length": 4,
        "message": "unknown symbol 'DELT'",
        "suggestion": "DELTA",
    }
    assert (second.error["line"], second.error["column"], second.error["suggestion"]) == (1, 16, None)


def test_each_attempt_is_kept_with_what_was_said_and_used(server):
    server.says(Reply("no JSON", tokens=(70, 5)), Reply('{"name": "x"}', tokens=(90, 6)), proposal())
    first, second, third = Ask(server).propose().attempts
    assert (first.number, first.prompt, first.answer) == (1, QUESTION.prompt, "no JSON")
    assert (first.tokens_in, first.tokens_out, first.cost_usd, first.proposal) == (70, 5, None, None)
    assert first.error["message"].startswith("Invalid JSON: ")
    assert second.prompt == server.said(1)
    assert second.error["message"] == (
        "category: Field required; hypothesis: Field required; expected: Field required; "
        "genome: Field required"
    )
    assert third.error is None
    assert third.outcome.fitness == 1.0


def test_a_watcher_is_told_of_begin_pieces_and_end_in_order(server):
    server.says(Reply("nonsense", pieces=4), proposal())
    ask = Ask(server)
    ask.propose()
    kinds = [type(event) for event in ask.told]
    assert kinds[:6] == [Started, Streamed, Streamed, Streamed, Streamed, Finished]
    assert "".join(event.text for event in ask.told[1:5]) == "nonsense"
    assert [event.number for event in ask.told if isinstance(event, Started)] == [1, 2]


def test_a_poor_result_goes_back_with_its_numbers_and_the_best_is_kept_at_the_end(server):
    results = iter((3.0, 5.0, -2.0))
    server.says(proposal(), proposal(GENOME.replace("20", "30")), proposal(GENOME.replace("20", "40")))

    def judge(_):
        fitness = next(results)
        return Verdict(False, f"fitness {fitness}", Outcome("a", fitness, "alive", trades=5.0))

    proposed = Ask(server, Budget(attempts=3), judge).propose()
    assert "fitness 3.0" in server.said(1)
    assert (proposed.reason, proposed.best.number) == ("attempts", 2)
    assert proposed.proposal.genome == GENOME.replace("20", "30")


def test_the_best_is_one_that_lives_before_one_that_does_not(server):
    outcomes = iter((Outcome("a", 9.0, "dead", trades=5.0), Outcome("b", -1.0, "alive", trades=5.0)))
    server.says(proposal())
    ask = Ask(server, Budget(attempts=2), lambda _: Verdict(False, "poor", next(outcomes)))
    assert ask.propose().best.number == 2


def test_attempts_run_out(server):
    server.says(proposal(WRONG))
    proposed = Ask(server, Budget(attempts=2)).propose()
    assert (proposed.reason, proposed.proposal, len(server.requests)) == ("attempts", None, 2)
    assert proposed.message == (
        "none of the model's 2 answers serves (the last: unknown symbol 'DELT'): ask otherwise, or "
        "allow more with llm_attempts"
    )


def test_tokens_run_out_before_a_request_that_would_exceed_them(server):
    text = Reply(server.says(proposal(WRONG)).script.pop().content, tokens=(700, 300))
    server.says(text)
    proposed = Ask(server, Budget(tokens=2_100)).propose()
    assert (proposed.reason, len(server.requests)) == ("tokens", 1)
    assert "would exceed the 2,100 tokens of an ask (1,000 are used" in proposed.message
    assert server.requests[0]["max_tokens"] < 2_100


def test_an_answer_may_have_no_more_tokens_than_are_left(server):
    server.says(Reply("nonsense", tokens=(500, 500)))
    Ask(server, Budget(tokens=4_000)).propose()
    allowed = [request["max_tokens"] for request in server.requests]
    assert allowed == sorted(allowed, reverse=True)
    assert 0 < allowed[1] < 4_000 - 1_000 - 1_000


def test_money_runs_out(server):
    server.says(Reply("nonsense", tokens=(1_000, 1_000)))
    prices = {"llm_price_in_usd_per_mtok": 1.0, "llm_price_out_usd_per_mtok": 9.0}
    proposed = Ask(server, Budget(cost_usd=0.013)).propose(**prices)
    assert (proposed.reason, len(proposed.attempts)) == ("money", 1)
    assert proposed.cost_usd == pytest.approx(0.01)
    assert "would exceed the 0.013 USD of an ask" in proposed.message


def test_a_question_that_the_budget_cannot_pay_is_not_asked(server):
    server.says(proposal())
    proposed = Ask(server, Budget(tokens=100)).propose()
    assert (proposed.reason, proposed.attempts, server.requests) == ("tokens", (), [])


def test_time_runs_out_on_a_server_that_hangs(server):
    server.says(Reply('{"name": "crossing', hang_after=2))
    ask = Ask(server, Budget(time_s=1.5))
    began = time.monotonic()
    proposed = ask.propose()
    assert proposed.reason == "time"
    assert 1.5 <= time.monotonic() - began < 20
    assert proposed.message.startswith("the 1.5 s of an ask are over (the last: there was no complete answer")
    (attempt,) = proposed.attempts
    assert '{"name": "crossing'.startswith(attempt.answer)
    assert attempt.tokens_in > 0
    assert ask.finished() == [attempt]


def test_a_person_stops_it_in_the_middle_of_an_answer(server):
    server.says(Reply('{"name": "crossing', hang_after=2))
    ask = Ask(server, Budget(time_s=60), stop=server.hanging.is_set)
    proposed = ask.propose()
    assert (proposed.reason, proposed.proposal) == ("cancelled", None)
    assert proposed.message == "stopped by a person after 1 of at most 4 answers"
    assert proposed.attempts[0].error == {"message": "it was stopped by a person"}
    assert proposed.attempts[0].answer


def test_a_stop_gives_no_proposal_also_where_one_was_judged(server):
    server.says(proposal(), Reply("x", hang_after=0))
    ask = Ask(server, judge=lambda _: POOR, stop=server.hanging.is_set)
    proposed = ask.propose()
    assert (proposed.reason, proposed.proposal, len(proposed.attempts)) == ("cancelled", None, 2)


def test_a_busy_server_is_asked_again_when_it_said(server):
    server.says(busy(1), proposal())
    ask = Ask(server)
    began = time.monotonic()
    proposed = ask.propose()
    assert time.monotonic() - began >= 1
    assert (proposed.reason, len(proposed.attempts), len(server.requests)) == ("done", 1, 2)
    assert [event for event in ask.told if isinstance(event, Waiting)] == [Waiting(1, 1.0)]


def test_a_wait_longer_than_the_budget_s_time_is_told_at_once(server):
    server.says(busy(500))
    ask = Ask(server, Budget(time_s=5))
    with pytest.raises(LlmBusy, match="compatible:scripted is busy: ask again in 500 s") as busied:
        ask.propose()
    assert busied.value.retry_after_s == 500
    assert len(server.requests) == 1
    assert ask.finished()[0].error == {"message": "compatible:scripted is busy: ask again in 500 s"}
    assert (ask.finished()[0].tokens_in, ask.finished()[0].tokens_out) == (0, 0)


def test_a_person_may_stop_the_wait(server):
    server.says(busy(30))
    ask = Ask(server)
    ask.stop = lambda: any(isinstance(event, Waiting) for event in ask.told)
    assert ask.propose().reason == "cancelled"


def test_malformed_json_is_told_to_the_model(server):
    server.says('{"name": "crossing", ', proposal())
    assert Ask(server).propose().reason == "done"
    assert "json_invalid" in server.said(1)


def test_an_answer_that_breaks_off_is_told_and_kept(server):
    server.says(Reply('{"name": "crossing", "category"', drop_after=3))
    ask = Ask(server)
    with pytest.raises(LlmUnreachable, match="compatible:scripted broke off its answer .*: ask again"):
        ask.propose()
    assert ask.finished()[0].answer.startswith('{"name"')


def test_what_was_judged_before_a_failure_is_not_lost(server):
    server.says(proposal(), Reply("x", drop_after=0))
    ask = Ask(server, judge=lambda _: POOR)
    proposed = ask.propose()
    assert (proposed.reason, proposed.best.number) == ("failed", 1)
    assert "broke off its answer" in proposed.message


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (refusal(401, "bad key"), LlmNotConfigured, "refuses the key: mend EVOTRADE_LLM_KEY"),
        (refusal(404, "no such model"), LlmNotConfigured, "is not known to its server: mend EVOTRADE_LLM"),
        (refusal(400, "too odd"), LlmUnreachable, "refuses the request .*too odd"),
        (refusal(500, "oops"), LlmUnreachable, "refuses the request .*oops"),
    ],
)
def test_a_refusal_says_what_to_do(server, reply, error, message):
    server.says(reply)
    with pytest.raises(error, match=f"compatible:scripted {message}"):
        Ask(server).propose()


def test_a_server_that_is_not_there_is_told(server):
    llm = model_at(server)
    gone = Ask(server)
    gone.server.url = "http://127.0.0.1:9/v1"
    with pytest.raises(LlmUnreachable, match="cannot be reached .*EVOTRADE_LLM names it"):
        gone.propose()
    assert llm.label == "compatible:scripted"


def test_an_error_of_the_judge_ends_the_ask_in_the_caller_s_thread(server):
    server.says(proposal())

    def judge(_):
        raise StoreBusy("somebody holds the file")

    with pytest.raises(StoreBusy):
        Ask(server, judge=judge).propose()


def test_an_error_of_the_watcher_ends_the_ask(server):
    server.says(Reply("x" * 50, hang_after=3))

    def watch(event):
        if isinstance(event, Streamed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        propose(model_at(server), QUESTION, lambda _: None, Budget(), watch)


def test_tokens_that_a_server_does_not_count_are_estimated(server):
    server.says(Reply("nonsense" * 50, tokens=None), proposal())
    first, second = Ask(server).propose().attempts
    assert first.tokens_out == 101
    assert second.tokens_in == 100
    assert first.tokens_in > len(QUESTION.prompt + QUESTION.instructions) // 4


def test_a_genome_in_a_block_of_code_is_taken_out_of_it(server):
    answer = json.dumps(proposal(f"```dsl\n{GENOME}\n```"))
    server.says(f"```json\n{answer}\n```")
    assert Ask(server).propose().proposal.genome == GENOME
