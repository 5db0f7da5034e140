"""`GET /health`: is the app up, and what does it run? For whoever watches a server; no event, no tool, no queue."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bpdemo.self_check import Report

PATH = "/health"


def health_route(report: Report) -> Route:
    """Return the route that answers with the start-up check's report.

    A process that answers passed that check when it started; what it read since, and from whom, is not told.

    Args:
        report: of `startup.check`.
    """
    answer = {"status": "ok"} | report.to_dict()

    async def health(_: Request) -> JSONResponse:
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    return Route(PATH, health, methods=["GET"], include_in_schema=False)
