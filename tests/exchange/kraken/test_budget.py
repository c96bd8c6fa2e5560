import asyncio

from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.budget import Allowance, Budget, Gate, Priority, Queue, cancel_cost
from tests.exchange.kraken.conftest import Run

STARTER = Allowance(15, 0.33)
calls = st.lists(st.tuples(st.floats(0, 30), st.sampled_from([1, 2, 8])), max_size=60)


@given(calls, st.sampled_from(Priority))
def test_who_waits_as_told_never_exceeds_the_limit(
    calls: list[tuple[float, int]], priority: Priority
) -> None:
    budget, now_s = Budget(STARTER), 0.0
    for pause_s, cost in calls:
        now_s += pause_s
        now_s += budget.wait_s(now_s, cost, priority)
        budget.spend(now_s, cost)
        assert budget.level(now_s) <= STARTER.limit + 1e-9


def test_a_lower_priority_leaves_room_for_a_higher_one() -> None:
    budget = Budget(Allowance(10, 1))
    budget.spend(0, 6)
    assert budget.wait_s(0, 1, Priority.ENTRY) == 1
    assert budget.wait_s(0, 1, Priority.QUERY) == 0
    assert budget.wait_s(0, 4, Priority.EXIT) == 0


def test_what_the_exchange_says_is_believed() -> None:
    budget = Budget(Allowance(10, 1))
    budget.exhaust(0)
    assert budget.wait_s(0, 1, Priority.EXIT) == 1
    assert budget.level(4) == 6


def test_a_young_orders_cancel_costs_most() -> None:
    assert [cancel_cost(age_s) for age_s in (0, 4.9, 5, 12, 44, 89, 299, 300)] == [8, 8, 6, 5, 4, 2, 1, 0]


def test_what_is_only_counted_waits_for_nothing_and_fills_the_counter(run: Run) -> None:
    async def work() -> None:
        gate = Gate(Allowance(10, 1), lambda: 5.0)
        for _ in range(4):
            gate.count(8)
        assert gate.budget.level(5.0) == 10

    run(work())


def test_the_urgent_go_first(run: Run) -> None:
    order: list[str] = []

    async def enter(queue: Queue, priority: Priority, name: str) -> None:
        async with queue.turn(priority):
            order.append(name)
            await asyncio.sleep(0.01)

    async def work() -> None:
        queue = Queue()
        asked = [(Priority.QUERY, "first"), (Priority.ENTRY, "entry"), (Priority.QUERY, "query")]
        await asyncio.gather(*(enter(queue, *each) for each in [*asked, (Priority.EXIT, "exit")]))

    run(work())
    assert order == ["first", "exit", "query", "entry"]


def test_a_waiter_that_gives_up_blocks_nobody(run: Run) -> None:
    async def work() -> None:
        queue = Queue()
        async with queue.turn(Priority.EXIT):
            waiting = asyncio.create_task(queue._enter(Priority.EXIT))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with queue.turn(Priority.ENTRY):
            pass

    run(work())


def test_an_exit_passes_a_gate_that_entries_wait_at(run: Run) -> None:
    passed: list[str] = []

    async def spend(gate: Gate, priority: Priority) -> None:
        await gate.spend(1, priority)
        passed.append(priority.name)

    async def work() -> None:
        gate = Gate(Allowance(10, 20), asyncio.get_running_loop().time)
        await gate.spend(8, Priority.EXIT)
        await asyncio.gather(spend(gate, Priority.ENTRY), spend(gate, Priority.EXIT))

    run(work())
    assert passed == ["EXIT", "ENTRY"]
