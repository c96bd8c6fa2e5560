"""Finding out what became of orders, in the background, for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from evotrade.errors import ExchangeError, OrderRefused
from evotrade.exchange.kraken.budget import Monotonic, Priority
from evotrade.exchange.kraken.ledger import Ledger, Record
from evotrade.exchange.kraken.lookup import Lookup
from evotrade.exchange.kraken.rest import Rest
from evotrade.exchange.protocols import Report
from evotrade.market.pairs import kraken_name

_NEVER_ARRIVED = "the order did not reach the exchange: it is neither open, nor closed, nor traded"
_ALL = ""  # the name of the job that asks about all open orders


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds: before a second look, for a cancel's frames, and between tries (growing up to the last)."""

    recheck_s: float
    confirm_s: float
    again_s: float
    most_again_s: float


class Pursuit:
    """Asks about orders until they are known, and cancels until they have ended."""

    def __init__(
        self,
        rest: Rest,
        lookup: Lookup,
        ledger: Ledger,
        report: Report,
        *,
        now_s: Callable[[], float],
        pauses: Pauses,
        monotonic: Monotonic,
    ) -> None:
        self._rest = rest
        self._lookup = lookup
        self._ledger = ledger
        self._report = report
        self._now_s = now_s
        self._pauses = pauses
        self._monotonic = monotonic
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._cancelling: set[str] = set()
        self._asked: list[tuple[Sequence[Record], asyncio.Future[list[Record]]]] = []
        self._asking: asyncio.Task[None] | None = None

    def pursue(self, record: Record) -> None:
        """Ask about the order until it is known."""
        self._begin(record.order_id, lambda: self._is_known(record))

    def cancel(self, record: Record) -> None:
        """Cancel the order until it has ended."""
        self._cancelling.add(record.order_id)
        self.pursue(record)

    def pursue_all(self) -> None:
        """Frames may be missing: ask about everything that is open."""
        self._begin(_ALL, self._are_known)

    async def close(self) -> None:
        """Ask no more."""
        jobs = [*self._jobs.values(), *([self._asking] if self._asking else [])]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    async def settle(self, records: Sequence[Record]) -> list[Record]:
        """Ask about those of the orders that have not ended, tell what is new; those that are not there.

        What several jobs ask while an answer is under way is asked together, since calls are few.
        """
        answer: asyncio.Future[list[Record]] = asyncio.get_running_loop().create_future()
        self._asked.append((records, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_together(), name="kraken-orders")
        return await answer

    async def _ask_together(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            open_ = {one.order_id: one for records, _ in asked for one in records if one.ended is None}
            try:
                found = await self._find(list(open_.values()))
                for records, answer in asked:
                    if not answer.done():
                        answer.set_result([one for one in records if one.order_id in open_.keys() - found])
            except Exception as error:  # noqa: BLE001 - it is raised again in everyone who asked
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
            finally:
                for _, answer in asked:
                    answer.cancel()  # nobody must wait for a question that was given up

    async def _find(self, records: Sequence[Record]) -> frozenset[str]:
        """Ids of those that are there."""
        known = {name: trade for record in records for name, trade in record.trades.items()}
        found = await self._lookup.find([record.asked for record in records], known)
        for record in records:
            if record.order_id in found:
                for event in self._ledger.settle(record, found[record.order_id]):
                    self._report(event)
        return frozenset(found)

    async def settle_or_refuse(self, record: Record) -> None:
        """What became of the order; refused where twice, after its deadline, nothing is there."""
        if record.accepted is None:
            await self._wait_past_deadline(record)
        if not await self.settle([record]) or record.accepted is not None:
            return
        await asyncio.sleep(self._pauses.recheck_s)
        if await self.settle([record]):
            for event in self._ledger.refuse(record, self._now_s(), _NEVER_ARRIVED):
                self._report(event)

    def _begin(self, name: str, is_done: Callable[[], Awaitable[bool]]) -> None:
        if name not in self._jobs:
            self._jobs[name] = asyncio.create_task(self._repeat(name, is_done), name=f"kraken-order-{name}")

    async def _repeat(self, name: str, is_done: Callable[[], Awaitable[bool]]) -> None:
        pause_s = self._pauses.again_s
        try:
            while not await self._try(name, is_done):
                await asyncio.sleep(pause_s)
                pause_s = min(self._pauses.most_again_s, 2 * pause_s)
        finally:
            del self._jobs[name]

    async def _try(self, name: str, is_done: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await is_done()
        except ExchangeError as error:
            self._rest.counters.warn("failed_lookups", order_id=name, reason=str(error))
        except Exception as error:  # noqa: BLE001 - this job's outermost loop: an order must not be forgotten
            self._rest.counters.warn(
                "callback_errors", error=repr(error)[:300], where="broker", order_id=name
            )
        return False

    async def _are_known(self) -> bool:
        for record in await self.settle(self._ledger.open()):
            self.pursue(record)
        return True

    async def _is_known(self, record: Record) -> bool:
        """One round; whether nothing more has to be asked."""
        if record.ended is None and record.order_id in self._cancelling:
            await self._send_cancel(record)
            await self._wait_for_end(record)
        if record.ended is None:
            await self.settle_or_refuse(record)
        if record.ended is None and (record.order_id in self._cancelling or self._ledger.in_doubt(record)):
            return False
        self._cancelling.discard(record.order_id)
        return record.ended is not None or record.accepted is not None

    async def _send_cancel(self, record: Record) -> None:
        pair = kraken_name(record.order.pair) if record.order else ""
        age_s = self._monotonic() - (record.sent_s or 0.0)
        self._rest.count_cancel(pair, age_s)
        name = {"txid": record.exchange_id} if record.exchange_id else {"cl_ord_id": record.order_id}
        try:
            await self._rest.private("CancelOrder", name, Priority.EXIT)
        except OrderRefused as error:  # it is over, or not there yet
            if "Unknown order" not in str(error):
                raise

    async def _wait_for_end(self, record: Record) -> None:
        until_s = self._monotonic() + self._pauses.confirm_s
        while record.ended is None and self._monotonic() < until_s:
            await asyncio.sleep(0.02)

    async def _wait_past_deadline(self, record: Record) -> None:
        """Until the order can no longer reach the book, or is heard of."""
        while record.accepted is None and (left_s := (record.deadline_s or 0.0) - self._monotonic()) > 0:
            await asyncio.sleep(min(left_s, 0.25))
