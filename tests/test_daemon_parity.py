"""A daemon that is cut off, shut out and killed: its session decides as the backtest, on every bar."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle

import pytest

from evotrade.engine.session.plan import Plan
from evotrade.exchange.sandbox import MANUAL, UNLIMITED, SandboxSettings, ThreadedSandbox, in_thread
from evotrade.market.synthetic import synthetic_candles
from evotrade.store import Store
from evotrade.store.outbox import Outbox
from evotrade.tokens import ROLES
from tests.daemons import DaemonProcess, daemon_at
from tests.desk.parity import GENOME, acted_on, backtested
from tests.desk.world import HISTORY, HOUR_S, cell
from tests.engine.test_laws import read

pytestmark = pytest.mark.process

ASIDE_S = 4 * HOUR_S
OUTAGE_S = 180


@dataclass
class Replay:
    """A session of a daemon, and an exchange whose clock moves by hand."""

    daemon: DaemonProcess
    sandbox: ThreadedSandbox
    number: int

    def __post_init__(self):
        self.roles = cycle(ROLES)  # each token may ask only so often

    def hours(self, count):
        """Let hours pass; the first trade of each is heard by itself."""
        for _ in range(count):
            for step_s in (HOUR_S - 1, 1):
                self.sandbox.advance(step_s)
                self.heard()

    def heard(self):
        """Wait until the session has seen the exchange's last trade."""
        last_s = self.sandbox.do(lambda there: there.exchange.market("BTC/USD").last.time_ns) / 1e9
        self.daemon.wait_for(lambda: self.seen_s() >= last_s - 0.001, 30, every_s=0.01)

    def seen_s(self):
        view = self.ask("")
        return datetime.fromisoformat(view["price_at"]).timestamp() if view.get("price_at") else 0.0

    def ask(self, about):
        path = f"/trading/session/{self.number}{about}"
        return self.daemon.ask("GET", path, role=next(self.roles)).json()

    def is_running(self):
        return self.ask("").get("status") == "running"

    def lose(self, kind, **options):
        """Break the connection, and wait until it was noticed."""
        drops = self.daemon.counters()["market_drops"]
        self.sandbox.inject(kind, **options)
        self.daemon.wait_for(lambda: self.daemon.counters()["market_drops"] > drops, 30)

    def go_through_everything(self, hours, drops):
        """Lost connections, a kill -9, and an outage of three minutes, so many hours between them."""
        for _ in range(drops):
            self.hours(hours)
            self.lose("drop")
            self.daemon.wait_for(self.is_running, 30)
        self.sandbox.advance(HOUR_S)  # and while it takes this in
        self.daemon.kill()
        self.sandbox.advance(ASIDE_S)
        self.daemon.start()
        self.daemon.wait_for(self.is_running, 30)
        self.heard()
        self.hours(hours)
        self.lose("outage")
        self.sandbox.advance(OUTAGE_S)
        self.sandbox.recover()
        self.daemon.wait_for(self.is_running, 60)
        self.sandbox.advance(HOUR_S - OUTAGE_S)
        self.heard()
        self.hours(hours)


def live_through_everything(folder, candles, hours, drops):
    """The session's bars, fills, trades and verdict, its plan, and what was replayed."""
    store = Store(folder / "db" / "lab.duckdb")
    (cell_id,) = store.add_cells([cell(genome=GENOME)])
    played = SandboxSettings([candles], speed=MANUAL, history_bars=HISTORY, limits=UNLIMITED)
    with in_thread(played) as sandbox, daemon_at(sandbox, folder, speed=MANUAL) as daemon:
        daemon.start()
        begun = daemon.ask("POST", "/trading/start", json={"cell_id": cell_id, "pair": "BTC/USD"}).json()
        replay = Replay(daemon, sandbox, begun["session_id"])
        daemon.wait_for(replay.is_running)
        replay.go_through_everything(hours, drops)
        told = [replay.ask(about) for about in ("/bars", "/trades", "/positions", "/verify")]
        assert daemon.stop() == 0
        replayed = sandbox.do(lambda there: there.exchange.market("BTC/USD").replayed)
    with Outbox(store.path.with_name("outbox.sqlite")) as outbox:
        (kept,) = outbox.unfinished()
    return *told, Plan.from_dict(kept.plan["plan"]), replayed


def second(text):
    return int(datetime.fromisoformat(text).timestamp())


def assert_equal_to_the_backtest(bars, fills, verdict, plan, replayed):
    decisions = {second(bar["start"]): bar["decision"] for bar in bars}
    assert decisions == backtested(plan, replayed, len(bars))[0]
    told = [(one["side"], second(one["timestamp"]) // HOUR_S * HOUR_S) for one in fills]
    assert told == acted_on(bars, replayed, plan.execution)
    assert verdict["agrees"]
    missed = [second(bar["start"]) for bar in bars if bar["missed"]]
    assert missed == sorted(map(second, verdict["missed_bars"]))
    assert len(missed) <= ASIDE_S // HOUR_S + 2  # of the kill and the outage, and of no other moment


def test_whatever_breaks_decisions_are_equal_on_every_bar(tmp_path):
    candles = synthetic_candles(2 * HISTORY + 50, "1h", seed=12, pair="BTC/USD", first_price=50_000.0)
    bars, fills, positions, verdict, *ground = live_through_everything(tmp_path, candles, 12, drops=1)
    assert_equal_to_the_backtest(bars, fills, verdict, *ground)
    assert (len(bars), len(positions) > 3) == (3 * 12 + 6, True)


@pytest.mark.soak
def test_whatever_breaks_decisions_are_equal_on_two_thousand_bars(tmp_path):
    hours = read("XBTUSD_60.csv", "1h")[40_000 : 40_000 + 2 * HISTORY + 2_000]
    candles = replace(hours, pair="BTC/USD")
    bars, fills, positions, verdict, *ground = live_through_everything(tmp_path, candles, 399, drops=3)
    assert_equal_to_the_backtest(bars, fills, verdict, *ground)
    assert (len(bars) >= 2_000, len(positions) >= 30) == (True, True)
