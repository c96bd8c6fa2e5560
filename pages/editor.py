"""Strategy editor: write a strategy or fork one, test it, see what it thinks, make a cell of it."""

import streamlit as st

from evotrade.ui.editor import form, page
from evotrade.ui.editor.draft import open_draft
from evotrade.ui.entrance import guard

guard()

header = page.header()
parent = page.asked_parent()
draft = open_draft(parent)
left, right = st.columns((5, 6))
with left:
    strategy = form.ask(draft, parent)
with header:
    page.buttons(draft, strategy)
with right:
    page.act(draft, strategy)
    page.show(draft, strategy)
