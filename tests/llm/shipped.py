"""A model's package as the real one is, but small; and a llama.cpp that says little, or crashes."""

from hashlib import sha256

from evotrade.llm.local import Shipped

PIECES = (b"one ", b"two ", b"three")
TERMS = """<html><head><style>p {}</style></head><body><devsite-thumb-rating></devsite-thumb-rating>
<p>Navigation</p><div class="devsite-article-body clearfix"><p>You agree
 to this.</p><h2>Section 1</h2><p>And to the <a href="/policy">policy</a>, <a href="#two">too</a>.</p></div>
<devsite-thumb-rating></devsite-thumb-rating><p>Footer</p></body></html>"""

_PACKAGE = """from pathlib import Path

def chunk_paths():
    return [Path(__file__).with_name(f"piece{number}") for number in range(3)]
"""
_SETTINGS = """class ModelSettings:
    def __init__(self, **given):
        assert given["logits_all"] is False and given["n_threads"] >= 1
        assert open(given["model"]).read() == "one two three"

class ServerSettings(ModelSettings):
    def __init__(self, host, port):
        assert host == "127.0.0.1"
"""
_APP = """import os, signal, threading

def create_app(server_settings, model_settings):
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        said = scope["path"].endswith("/completions")
        if said and "CRASH":
            os.kill(os.getpid(), signal.SIGSEGV)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        if said:
            threading.Timer(0.5, os._exit, [0]).start()

    return app
"""


def shipped_in(folder, monkeypatch):
    """A package in that folder, which is importable while the test runs."""
    name = f"small_{sha256(str(folder).encode()).hexdigest()}"  # imported once by its name
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_PACKAGE)
    (package / "terms.html").write_text(TERMS)
    for number, piece in enumerate(PIECES):
        (package / f"piece{number}").write_bytes(piece)
    monkeypatch.syspath_prepend(str(folder))
    digest = sha256(b"".join(PIECES)).hexdigest()
    return Shipped("small", name, "small.gguf", digest, "terms.html", "Terms", "https://example.org/terms")


def llama_in(folder, monkeypatch, *, crashes):
    """A package `llama_cpp` in that folder, for processes that are started. It ends after its first word."""
    server = folder / "llama_cpp" / "server"
    server.mkdir(parents=True)
    for init in (folder / "llama_cpp" / "__init__.py", server / "__init__.py"):
        init.write_text("")
    (server / "settings.py").write_text(_SETTINGS)
    (server / "app.py").write_text(_APP.replace('"CRASH"', str(crashes)))
    monkeypatch.setenv("PYTHONPATH", str(folder))
