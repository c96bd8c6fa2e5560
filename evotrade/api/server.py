"""How the app is served: uvicorn, with limits, and without a log of addresses."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

LOOPBACK = "127.0.0.1"
_MAX_WS_BYTES = 4_096  # watchers have nothing to say
_LEAVE_S = 5


def make_server(app: FastAPI, port: int, host: str = LOOPBACK) -> uvicorn.Server:
    """A server for the running event loop: `await server.serve()`; `server.should_exit = True` ends it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        log_level="warning",  # below that it tells addresses with their queries
        server_header=False,
        proxy_headers=False,
        ws_max_size=_MAX_WS_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_LEAVE_S,
    )
    return uvicorn.Server(config)
