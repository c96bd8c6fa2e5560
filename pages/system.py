"""System: health of the daemon, its jobs and counters, alerts, size of the store, settings in force."""

from evotrade.ui.desk import system
from evotrade.ui.entrance import guard

guard()

system.show()
