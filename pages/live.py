"""Live desk: start sessions of cells, on paper or for real; watch what runs, and stop it."""

from evotrade.ui.desk import board, live, questions, reads, start
from evotrade.ui.entrance import guard

guard()

desk = reads.snapshot()
live.header(desk)
start.panel(desk)
session = live.in_view(desk)
board.show(desk, session)
if session is not None:
    live.details(session, desk)
questions.show(desk)
