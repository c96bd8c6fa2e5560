"""The daemon's face: HTTP and websocket API over desk and store, and all there is of FastAPI."""

from evotrade.api.app import create_app
from evotrade.api.server import make_server

__all__ = ["create_app", "make_server"]
