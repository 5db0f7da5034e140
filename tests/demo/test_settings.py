import os
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from bpdemo.demo.server.settings import check_settings
from bpdemo.errors import BpdemoError
from bpdemo.system.runtime import bypass_proxies


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GRADIO_SERVER_NAME", "127.0.0.1")


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def code_of_error():
    with pytest.raises(BpdemoError) as caught:
        check_settings()
    return caught.value.code


def test_a_port_that_is_free_is_taken_and_none_needs_to_be_named(monkeypatch, taken):
    assert check_settings() is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("GRADIO_SERVER_PORT", f" {port} ")
    assert check_settings() == port
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(taken))
    assert code_of_error() == "port_taken"


@pytest.mark.parametrize(
    "port", ["abc", "", " ", "-1", "0", "65536", "7860.0", "7_860", "\u0667", "tcp://10.0.0.1:7860"]
)
def test_a_port_that_is_no_port_is_an_error(monkeypatch, port):
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    assert code_of_error() == "setting_invalid"


@pytest.mark.parametrize(
    "variable",
    ["NUM_PORTS", "NODE_NUM_PORTS", "ANALYTICS_MAX_EVENTS", "ANALYTICS_CACHE_FREQUENCY", "DEBUG"],
)
def test_other_numbers_of_gradio_are_checked(monkeypatch, variable):
    monkeypatch.setenv(f"GRADIO_{variable}", "1")
    assert check_settings() is None
    monkeypatch.setenv(f"GRADIO_{variable}", "many")
    assert code_of_error() == "setting_invalid"


@pytest.mark.parametrize("name", ["198.51.100.7", "::1", "no such name", "a" * 300])
def test_a_name_that_is_no_address_of_this_machine_is_an_error(monkeypatch, name):
    monkeypatch.setenv("GRADIO_SERVER_NAME", name)
    assert code_of_error() == "start_failed"


def test_an_empty_name_is_none(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "")
    assert check_settings() is None
    assert os.environ["GRADIO_SERVER_NAME"] == "127.0.0.1"


def test_no_proxy_stands_before_the_own_page_whatever_is_set(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "nonsense://x")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "[x")
    bypass_proxies()
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as page:
        Thread(target=page.handle_request, daemon=True).start()
        assert httpx.get(f"http://127.0.0.1:{page.server_port}").status_code == 501  # it answers, if only that
