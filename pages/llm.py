"""Language model: how good its ideas were, what it was asked and answered, what it saw in populations."""

from evotrade.ui.entrance import guard
from evotrade.ui.follow import follow_store
from evotrade.ui.llm import page

guard()
follow_store()

page.show(page.header())
