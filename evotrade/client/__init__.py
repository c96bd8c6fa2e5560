"""The daemon, asked over HTTP and websocket: what pages, commands and notebooks use."""

from evotrade.client.asking import Client
from evotrade.client.refusals import PROBLEM

__all__ = ["PROBLEM", "Client"]
