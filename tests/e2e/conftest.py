"""A running app and a browser, for tests that look at it as a person would."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from tests.paths import ROOT

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the quickest first
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


def pytest_collection_modifyitems(items):
    """A busy machine can keep a browser waiting longer than any person would: ask a second time.

    Only where the wait ran out; what is wrong on a page is wrong at once.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError"]))


@pytest.fixture(scope="session")
def serve():
    """A context manager that runs the app on a store and gives its address."""
    return running_app


@contextmanager
def running_app(store, script="app.py", log=None):
    """The app's address; what it complains of goes to this file, otherwise to the test's own output."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    environment = {**os.environ, "EVOTRADE_STORE": str(store.path)}
    server = subprocess.Popen(
        [*command, "--server.headless=true"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=log
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url):
    for _ in range(150):
        try:
            with urlopen(url, timeout=1) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"nothing answers at {url}")


@pytest.fixture(scope="module")  # while it runs, nothing else may run an event loop in this thread
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not chromium:
        pytest.skip("needs Chromium: apt-get install chromium-headless-shell")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def more_pages(browser):
    """Makes so many pages; the test fails when anything on them complains or leaves this machine."""
    opened, complaints = [], []

    def make(count):
        pages = [browser.new_page(viewport={"width": 1400, "height": 900}) for _ in range(count)]
        opened.extend(pages)
        for page in pages:
            listen(page, complaints)
        return pages

    yield make
    for page in opened:
        page.close()
    assert complaints == []


@pytest.fixture
def page(more_pages):
    """A page that fails its test when anything complains or leaves this machine."""
    return more_pages(1)[0]


def listen(page, complaints):
    """Note what complains on a page, or leaves this machine."""
    page.on("console", lambda message: is_complaint(message) and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: abroad(request.url) and complaints.append(request.url))


def is_complaint(message):
    """An error in the console, except that Streamlit looks for its server below the page's path first."""
    return message.type == "error" and not re.search(r"/\w+/_stcore/", message.location["url"])


def abroad(url):
    return url.startswith(("http", "ws")) and "//127.0.0.1:" not in url
