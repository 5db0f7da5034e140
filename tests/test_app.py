"""The two public endpoints, by every way in: gradio_client, plain HTTP, MCP."""

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from bpdemo.estimate_json import json_schema
from tests.support.serve_app import EXAMPLES, ROOT, serve_app

pytestmark = pytest.mark.slow

FACE = EXAMPLES / "face_58_bpm.webm"
WALL = EXAMPLES / "wall.mp4"


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    return Client(
        app.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")), analytics_enabled=False
    )


def upload(app, content, name="clip.mp4"):
    return httpx.post(f"{app.url}/gradio_api/upload", files={"files": (name, content)}).raise_for_status().json()[0]


def call(app, endpoint, *arguments):
    """Call an endpoint as a program without gradio_client would; return the data or the error event's text."""
    base = f"{app.url}/gradio_api/call{endpoint}"
    event = httpx.post(base, json={"data": list(arguments)}).raise_for_status().json()["event_id"]
    answer = httpx.get(f"{base}/{event}", timeout=60).text
    kind, _, data = answer.strip().rpartition("event: ")[2].partition("\n")
    return kind, json.loads(data.removeprefix("data: "))


def test_estimate_gives_the_json_form(app, client):
    form = client.predict(handle_file(str(FACE)), api_name="/estimate")
    assert form["schema"] == "bpdemo.estimate/2"
    assert form["clip"] == FACE.name
    assert "path" not in form
    assert form["status"] == "reading"
    assert form["heart_rate"]["value"] == pytest.approx(58, abs=1)
    for pressure in ("systolic", "diastolic"):
        low, high = form[pressure]["interval"]
        assert low < form[pressure]["value"] < high
        assert sum(part["probability"] for part in form[pressure]["ranges"]) == pytest.approx(1, abs=1e-3)
    assert form["weights"]["name"] == "small"
    assert "not a medical device" in form["disclaimer"]
    assert app.files_left() == []


def test_estimate_by_another_method(client):
    form = client.predict(handle_file(str(FACE)), "green", api_name="/estimate")
    assert form["method"] == "green"
    assert form["heart_rate"]["value"] == pytest.approx(58, abs=1)
    refused = client.predict(handle_file(str(FACE)), "magic", api_name="/estimate")
    assert (refused["status"], refused["reasons"][0]["code"]) == ("error", "method_unknown")


def test_estimate_takes_what_a_person_tells(app, client):
    form = client.predict(handle_file(str(FACE)), age=61, height=163.5, api_name="/estimate")
    assert form["told"]["person"] == {"age": 61, "height_cm": 163.5}
    assert [note["code"] for note in form["told"]["notes"]] == ["told_not_supported"]
    for wrong in ({"sex": "woman"}, {"age": "61"}, {"weight": 5}):
        refused = client.predict(handle_file(str(FACE)), **wrong, api_name="/estimate")
        assert (refused["status"], refused["reasons"][0]["code"]) == ("error", "told_invalid")
    address = {"path": "http://127.0.0.1:9/age", "meta": {"_type": "gradio.FileData"}}
    path = upload(app, FACE.read_bytes())
    kind, data = call(app, "/estimate", {"path": path, "meta": {"_type": "gradio.FileData"}}, "pos", address)
    assert (kind, data[0]["status"]) == ("complete", "reading")
    assert "told" not in data[0], "what names a file is no age"
    assert app.files_left() == []


@pytest.mark.parametrize(("model", "code"), [("magic", "model_unknown"), ("beats", "no_face")])
def test_estimate_by_a_model(client, model, code):
    form = client.predict(handle_file(str(WALL)), model=model, api_name="/estimate")
    assert form["reasons"][0]["code"] == code
    assert form["model"] == "beats"


def test_a_clip_that_supports_no_reading_is_refused(app, client):
    form = client.predict(handle_file(str(WALL)), api_name="/estimate")
    assert (form["status"], form["reasons"][0]["code"]) == ("refused", "no_face")
    assert "systolic" not in form
    assert app.files_left() == []


def test_stmap_gives_the_map(app, client):
    path = client.predict(handle_file(str(FACE)), api_name="/stmap")
    with np.load(path) as made:
        assert made["stmap"].shape == (4, len(made["cells"]), len(made["time_s"]))
        assert made["mask"].shape == made["stmap"].shape[1:]
        assert len(made["regions"]) == len(made["cells"])
        assert len(made["time_s"]) == 450
    assert app.files_left() == []


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"not a video at all\n", "not_a_video"), (b"\0" * 5000, "not_a_video")]
)
def test_a_file_that_is_no_clip_is_an_error_that_says_so(app, client, tmp_path, content, code):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(content)
    form = client.predict(handle_file(str(clip)), api_name="/estimate")
    assert (form["status"], form["reasons"][0]["code"]) == ("error", code)
    with pytest.raises(AppError) as error:
        client.predict(handle_file(str(clip)), api_name="/stmap")
    assert form["reasons"][0]["message"] in str(error.value)
    assert form["reasons"][0]["remedy"] in str(error.value)
    assert app.files_left() == []


@pytest.mark.parametrize(
    "clip",
    [
        None,
        "clip.mp4",
        7,
        [],
        {},
        {"path": None},
        {"path": ["a"]},
        {"path": "\0"},
        {"path": "/etc/passwd"},
        {"path": str(WALL)},
        {"path": "../../etc/passwd"},
        {"path": "http://127.0.0.1:9/clip.mp4"},
        {"path": "file:///etc/passwd"},
        {"path": "/nowhere/clip.mp4", "url": "http://127.0.0.1:9/clip.mp4"},
    ],
    ids=str,
)
def test_only_uploads_of_this_app_are_taken(app, clip):
    if isinstance(clip, dict):
        clip = {**clip, "meta": {"_type": "gradio.FileData"}}
    kind, data = call(app, "/estimate", clip)
    assert kind == "complete"
    assert (data[0]["status"], data[0]["reasons"][0]["code"]) == ("error", "not_uploaded")
    kind, data = call(app, "/stmap", clip)
    assert kind == "error"
    assert "not an upload of this app" in json.dumps(data)
    assert WALL.exists()


def test_the_folder_of_uploads_itself_and_what_leads_out_of_it_is_no_clip(app):
    uploaded = upload(app, b"x")
    folder = Path(uploaded).parent
    for path in (str(folder), str(folder.parent), f"{folder}/../../../app.log", f"{uploaded}/.."):
        _, data = call(app, "/estimate", {"path": path, "meta": {"_type": "gradio.FileData"}})
        assert data[0]["reasons"][0]["code"] == "not_uploaded"
    call(app, "/estimate", {"path": uploaded, "meta": {"_type": "gradio.FileData"}})
    assert app.files_left() == []


def test_the_same_clip_sent_by_many_at_once_is_read_for_each(app, client):
    jobs = [client.submit(handle_file(str(WALL)), api_name="/estimate") for _ in range(5)]
    assert [job.result(timeout=120)["status"] for job in jobs] == ["refused"] * 5
    assert app.files_left() == []


def test_each_upload_has_a_folder_of_its_own(app):
    first, second = upload(app, b"same"), upload(app, b"same")
    assert Path(first).parent != Path(second).parent
    for path in (first, second):
        call(app, "/estimate", {"path": path, "meta": {"_type": "gradio.FileData"}})
    assert app.files_left() == []


def test_nothing_but_the_two_endpoints_is_public(app):
    info = httpx.get(f"{app.url}/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/estimate", "/stmap"}
    assert info["unnamed_endpoints"] == {}
    takes = {
        name: [parameter["parameter_name"] for parameter in endpoint["parameters"]]
        for name, endpoint in info["named_endpoints"].items()
    }
    assert takes == {"/estimate": ["clip", "method", "age", "sex", "height", "weight", "model"], "/stmap": ["clip"]}
    for endpoint in info["named_endpoints"].values():
        assert "Research use only" in endpoint["description"] or "STMap" in endpoint["description"]
    assert client_config(app)["analytics_enabled"] is False
    assert not client_config(app).get("run_history")


def test_health_tells_what_runs_and_nothing_of_visitors(app):
    answer = httpx.get(f"{app.url}/health")
    report = answer.json()
    assert (answer.status_code, report["status"], report["weights"]["name"]) == (200, "ok", "small")
    assert report["device"].startswith(("cpu", "cuda"))
    assert answer.headers["cache-control"] == "no-store"
    assert str(app.temporary.parent) not in answer.text
    assert httpx.head(f"{app.url}/health").status_code == 200
    assert httpx.post(f"{app.url}/health").status_code == 405
    # The page is where it was, and the log says the same.
    assert "gradio" in httpx.get(app.url).text
    assert "weights small" in app.log.read_text()
    assert str(app.temporary.parent) not in app.log.read_text()


def test_the_json_schema_of_an_estimate_is_served(app):
    answer = httpx.get(f"{app.url}/schema")
    assert (answer.status_code, answer.json()) == (200, json_schema())


def client_config(app):
    return httpx.get(f"{app.url}/config").json()


def test_mcp_tools_are_listed_and_answer(app):
    async def run():
        async with (
            streamable_http_client(f"{app.url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            addresses = [f"{app.url}/gradio_api/file={upload(app, WALL.read_bytes())}" for _ in range(2)]
            seen = await session.call_tool("estimate", {"clip": addresses[0]})
            impossible = await session.call_tool("estimate", {"clip": addresses[1], "age": 500, "sex": "male"})
            elsewhere = await session.call_tool("estimate", {"clip": "http://127.0.0.1:9/clip.mp4"})
            return tools, *(answer.content[0].text for answer in (seen, impossible, elsewhere))

    tools, seen, impossible, elsewhere = anyio.run(run)
    assert set(tools) == {"estimate", "stmap"}
    for tool in tools.values():
        assert "face" in tool.inputSchema["properties"]["clip"]["description"]
    assert tools["estimate"].inputSchema["required"] == ["clip"]
    assert "no_face" in seen
    assert "told_invalid" in impossible
    assert "not_uploaded" in elsewhere
    assert app.files_left() == []


def test_nothing_is_logged_of_a_clip(app, client, tmp_path):
    clip = tmp_path / "a_persons_name.mp4"
    clip.write_bytes(b"hello")
    client.predict(handle_file(str(clip)), api_name="/estimate")
    assert "a_persons_name" not in app.log.read_text()
    assert "Traceback" not in app.log.read_text()


@pytest.mark.parametrize("weights", ["/nowhere/at/all", "not a name"])
def test_weights_that_cannot_be_had_end_the_start_with_one_line(weights):
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"BPDEMO_WEIGHTS": weights, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert run.stdout == ""


def test_a_proxy_that_answers_nobody_is_no_matter_to_a_page_that_asks_nobody(tmp_path):
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    settings = {**proxies, "ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "", "PYTHONIOENCODING": "ascii"}
    with serve_app(tmp_path, **settings) as served:
        assert httpx.get(f"{served.url}/health", trust_env=False).json()["status"] == "ok"
        log = served.log.read_text()
        assert f"The page is at {served.url}" in log
        assert "share" not in log
        taken = subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=os.environ | {"GRADIO_SERVER_PORT": served.url.rpartition(":")[2]},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert (taken.returncode, len(taken.stderr.splitlines())) == (2, 1), taken.stderr
    assert taken.stderr.startswith("port_taken: ")
