"""What is served beside Gradio's page."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bpdemo.demo.server.routes import page_routes


@pytest.fixture
def client():
    return TestClient(Starlette(routes=page_routes()))


def test_modules_are_served_as_such_and_asked_for_again_each_time(client):
    answer = client.get("/page/main.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/page/main.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["", "/", "/none.js", "/../page.py", "/%2e%2e/page.py", "//etc/passwd", "/%00"])
def test_nothing_else_is(client, path):
    assert client.get(f"/page{path}").status_code == 404
