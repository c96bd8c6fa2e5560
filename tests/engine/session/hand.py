"""A session driven by hand: what a test says happens, happens."""

from decimal import Decimal

from evotrade.engine.execution import Execution, Limits
from evotrade.engine.session import events
from evotrade.engine.session.core import Session
from evotrade.engine.session.effects import BarDecided, Cancel, Place, StatusChanged
from tests.engine.session.replay import INSTRUMENT, plan

HOUR = 3600


class Hand:
    """Keeps all effects; bars are an hour long and the first starts at 0."""

    def __init__(self, start=True, limits=None, fee_bps=0.0, **changed):
        terms = Execution(fee_bps=fee_bps, instrument=INSTRUMENT, limits=limits or Limits())
        self.session = Session(plan(execution=terms, **changed))
        self.told, self.bars, self.fills = [], 0, 0
        if start:
            self.feed(events.Started(0.0))

    def feed(self, event):
        effects = self.session.feed(event)
        self.told += effects
        return effects

    def tick(self, at_s, price):
        return self.feed(events.Tick(at_s, price, price, price))

    def close(self, decision, price=100.0, **how):
        """The next bar closes."""
        start = self.bars * HOUR
        self.bars += 1
        return self.feed(events.BarClosed(start + 3600.0, start, start + HOUR, price, decision, **how))

    def accept(self, order, at_s=0.0):
        return self.feed(events.Accepted(at_s, order.order_id, "X"))

    def fill(self, order, price, quantity=None, at_s=0.0):
        self.fills += 1
        amount = order.quantity if quantity is None else Decimal(quantity)
        fill = (at_s, order.order_id, str(self.fills), amount, Decimal(str(price)), Decimal(0))
        return self.feed(events.Filled(*fill))

    def end(self, order, status, at_s=0.0, reason=""):
        return self.feed(events.Ended(at_s, order.order_id, status, reason))

    def carry_out(self, order, price, at_s=0.0):
        """Accepted, filled, ended."""
        return self.accept(order, at_s) + self.fill(order, price, at_s=at_s) + self.end(order, "filled", at_s)

    def buy(self, price=100.0):
        """A BUY, carried out at the tick after its bar; what was told at the end of its order."""
        self.close(1, price)
        order = placed(self.tick(float(self.bars * HOUR), price))
        return self.carry_out(order, price, float(self.bars * HOUR))

    @property
    def states(self):
        return [change.after for change in self.told if isinstance(change, StatusChanged)]

    @property
    def missed(self):
        """Why each bar's signal was missed, as told last."""
        told = {bar.start_s: bar.missed for bar in self.told if isinstance(bar, BarDecided)}
        return list(told.values())


def placed(effects):
    """The one order that these effects place."""
    (order,) = [effect.order for effect in effects if isinstance(effect, Place)]
    return order


def is_quiet(effects):
    """Whether they send and cancel nothing."""
    return not [effect for effect in effects if isinstance(effect, Place | Cancel)]


def cancelled(effects):
    """Ids of the orders that these effects cancel."""
    return [effect.order_id for effect in effects if isinstance(effect, Cancel)]
