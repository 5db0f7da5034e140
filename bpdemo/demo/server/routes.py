"""What is answered beside Gradio's page: its modules, the examples, `/health`, `/schema` and the model's card."""

import os
from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bpdemo.demo.examples import find_examples
from bpdemo.demo.server.addresses import EXAMPLES
from bpdemo.demo.server.use_via_api import info_routes
from bpdemo.demo.server.vision import vision_route
from bpdemo.estimate_json import json_schema
from bpdemo.self_check import Report

_BROWSER = Path(__file__).parents[1] / "browser"
_ASK_AGAIN = "no-cache"  # browsers ask each time whether their copy is right
_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


class ListedFiles(StaticFiles):
    """Serves files of one folder; `names`, unless None, are the only ones it has, and `cache` is how long copies do."""

    def __init__(self, folder: Path, cache: str, names: Collection[str] | None = None) -> None:
        super().__init__(directory=folder)
        self._cache, self._names = cache, names

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return a file's place and status, or nothing."""
        return super().lookup_path(path) if self._names is None or path in self._names else ("", None)

    def file_response(self, full_path: Any, *rest: Any, **options: Any) -> Response:
        """Return a file; its media type is ours, as a system's own table may call a module plain text."""
        response = super().file_response(full_path, *rest, **options)
        response.headers["cache-control"] = self._cache
        media_type = _MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type is not None:
            response.headers["content-type"] = media_type
        return response


def page_routes() -> Sequence[BaseRoute]:
    """Return the routes that the page itself needs: its modules and styles, the example clips, and the API's words."""
    examples = find_examples()
    routes: list[BaseRoute] = [
        *(_table(f"/page/{name}", name) for name in ("cells.json", "evidence.json")),
        Mount("/page", ListedFiles(_BROWSER, _ASK_AGAIN)),
        vision_route(),
    ]
    if examples:
        names = {example.path.name for example in examples}
        routes += info_routes(examples[0].path.name)
        routes.append(Mount(EXAMPLES, ListedFiles(examples[0].path.parent, "public, max-age=86400", names)))
    return routes


def extra_routes(report: Report, card: str = "") -> list[Route]:
    """Return `/health` (the start-up check's report), `/schema` (of an estimate's JSON) and `/card` (the model's)."""

    async def show_card(_: Request) -> PlainTextResponse:
        return PlainTextResponse(card or "These weights bring no card.")

    return [
        _route("/health", {"status": "ok"} | report.to_dict()),
        _route("/schema", json_schema()),
        Route("/card", show_card, methods=["GET"], include_in_schema=False),
    ]


def _table(path: str, name: str) -> Route:
    """Return the route of a table of the package, that page and server share."""
    content = resources.files("bpdemo").joinpath(name).read_bytes()

    async def answer(_: Request) -> Response:
        return Response(content, media_type="application/json", headers={"cache-control": _ASK_AGAIN})

    return Route(path, answer, methods=["GET"], include_in_schema=False)


def _route(path: str, content: dict[str, object]) -> Route:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    return Route(path, answer, methods=["GET"], include_in_schema=False)
