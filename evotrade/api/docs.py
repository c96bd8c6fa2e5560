"""The API's description: /openapi.json, and /docs with Swagger UI from a package, not from a CDN.

The page at /docs is a form that asks for a token and knows nothing yet. What it then loads needs the token,
which stays in the page: neither an address nor a cookie nor the browser's storage ever holds it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response

from evotrade.api.access import needs
from evotrade.api.problems import problem_schema

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


def docs_routes(openapi: Callable[[], dict[str, Any]]) -> APIRouter:
    """The description's routes, which it leaves out itself."""
    router = APIRouter(include_in_schema=False)
    page = files("evotrade.api").joinpath("docs.html").read_text(encoding="utf-8")
    headers = {
        "Content-Security-Policy": _policy(page),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        """The form."""
        return HTMLResponse(page, headers=headers)

    @router.get("/openapi.json", dependencies=[needs("viewer")])
    async def description() -> dict[str, Any]:
        """The OpenAPI document."""
        return openapi()

    for name, media_type in _ASSETS.items():
        content = files("fastapi_swagger").joinpath("resources", name)

        def asset(content: Any = content, media_type: str = media_type) -> Response:
            return Response(content.read_bytes(), media_type=media_type)

        router.add_api_route(f"/docs/{name}", _without_arguments(asset), dependencies=[needs("viewer")])
    return router


def _without_arguments(make: Callable[[], Response]) -> Callable[[], Response]:
    """The function without its defaults, which FastAPI would take for parameters of the query."""

    def answer() -> Response:
        return make()

    return answer


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = document["components"]["schemas"]
        schemas.update(problem_schema())
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema


def _policy(page: str) -> str:
    """Scripts are the page's own, and the bundle that it fetched; nothing comes from elsewhere."""
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' blob:; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
