"""What is answered beside Gradio's page: `/health`, `/schema`, and the page's own modules under `/page/`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bpdemo.estimate_json import json_schema
from bpdemo.self_check import Report

_BROWSER = Path(__file__).parents[1] / "browser"
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class PageFiles(StaticFiles):
    """Serves the page's ES modules and styles; browsers ask each time whether their copy is still the same."""

    def file_response(self, full_path: Any, *rest: Any, **options: Any) -> Response:
        """Return a file; its media type is ours, as a system's own table may call a module plain text."""
        response = super().file_response(full_path, *rest, **options)
        response.headers["cache-control"] = "no-cache"
        media_type = _MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type is not None:
            response.headers["content-type"] = media_type
        return response


def page_routes() -> Sequence[BaseRoute]:
    """Return the routes that the page itself needs."""
    return [Mount("/page", PageFiles(directory=_BROWSER))]


def extra_routes(report: Report) -> list[Route]:
    """Return `/health`, with the start-up check's report, and `/schema`, the JSON Schema of an estimate."""
    return [_route("/health", {"status": "ok"} | report.to_dict()), _route("/schema", json_schema())]


def _route(path: str, content: dict[str, object]) -> Route:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    return Route(path, answer, methods=["GET"], include_in_schema=False)
