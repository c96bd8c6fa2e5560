from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from evotrade.ui.keys import key_that_shows, value_of

    def choose():
        st.query_params["size"] = value_of("size")

    size = st.query_params.get("size", "small")
    st.radio(
        "Size",
        ("small", "large"),
        ("small", "large").index(size),
        key=key_that_shows(size, "size"),
        on_change=choose,
    )


def test_a_choice_keeps_its_widget():
    app = AppTest.from_function(page).run()
    first = app.radio[0].key
    app.radio[0].set_value("large").run()
    assert (app.radio[0].value, app.radio[0].key, app.query_params["size"]) == ("large", first, "large")


def test_an_address_that_says_something_else_brings_a_new_widget():
    app = AppTest.from_function(page).run()
    first = app.radio[0].key
    app.query_params["size"] = "large"
    app.run()
    assert app.radio[0].value == "large"
    assert app.radio[0].key != first
