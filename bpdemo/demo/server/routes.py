"""Beside the page: `GET /health` for whoever watches a server, `GET /schema` for programs that read estimates."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bpdemo.estimate_json import json_schema
from bpdemo.self_check import Report


def extra_routes(report: Report) -> list[Route]:
    """Return `/health`, with the start-up check's report, and `/schema`, the JSON Schema of an estimate."""
    return [_route("/health", {"status": "ok"} | report.to_dict()), _route("/schema", json_schema())]


def _route(path: str, content: dict[str, object]) -> Route:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    return Route(path, answer, methods=["GET"], include_in_schema=False)
