"""Tests of the desk run in asyncio's loop, by anyio's plug-in."""

import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"
