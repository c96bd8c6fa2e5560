"""History: sessions that have ended, their results, and how they did against the backtest."""

from evotrade.ui.desk import past
from evotrade.ui.entrance import guard

guard()

past.header()
past.show()
