"""The two public endpoints, by every way in: gradio_client, plain HTTP, MCP."""

import base64
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import anyio
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

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
        {"path": "/examples/examples.json"},
        {"path": "/examples/../app.py"},
        {"path": "http://127.0.0.1:9/examples/clip.mp4"},
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
    assert "not_uploaded: " in json.dumps(data)
    assert WALL.exists()


def test_the_folder_of_uploads_itself_and_what_leads_out_of_it_is_no_clip(app):
    uploaded = upload(app, b"x")
    folder = Path(uploaded).parent
    for path in (str(folder), str(folder.parent), f"{folder}/../../../app.log", f"{uploaded}/.."):
        _, data = call(app, "/estimate", {"path": path, "meta": {"_type": "gradio.FileData"}})
        assert data[0]["reasons"][0]["code"] == "not_uploaded"
    call(app, "/estimate", {"path": uploaded, "meta": {"_type": "gradio.FileData"}})
    assert app.files_left() == []


@pytest.mark.parametrize("root", ["", "http://127.0.0.1:9", "https://owner-bpdemo.hf.space/demo"])
def test_an_example_is_read_by_its_address_which_nobody_fetches(app, root):
    file = {"path": f"{root}/examples/{WALL.name}", "meta": {"_type": "gradio.FileData"}}
    before = WALL.read_bytes()
    _, data = call(app, "/estimate", file)
    assert (data[0]["clip"], data[0]["reasons"][0]["code"]) == (WALL.name, "no_face")
    kind, _ = call(app, "/stmap", file | {"path": f"{root}/examples/{FACE.name}"})
    assert kind == "complete"
    assert WALL.read_bytes() == before


def test_examples_are_served_in_parts_and_nothing_else_of_their_folder(app):
    content = FACE.read_bytes()
    address = f"{app.url}/examples/{FACE.name}"
    part = httpx.get(address, headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, content[1000:2000])
    assert part.headers["content-type"] == "video/webm"
    assert "max-age" in part.headers["cache-control"]
    whole = httpx.get(address)
    assert whole.content == content
    assert httpx.get(address, headers={"if-none-match": whole.headers["etag"]}).status_code == 304
    for path in ("/", "/README.md", "/examples.json", "/../app.py", "/%2e%2e/app.py"):
        assert httpx.get(f"{app.url}/examples{path}").status_code == 404, path


@pytest.mark.parametrize("endpoint", ["/estimate", "/stmap"])
@pytest.mark.parametrize(
    ("language", "command"), [("python", [sys.executable, "-c"]), ("bash", ["bash", "-c"])], ids=["python", "bash"]
)
def test_snippets_run_as_they_are_copied(app, tmp_path, endpoint, language, command):
    info = httpx.get(f"{app.url}/gradio_api/info").json()["named_endpoints"][endpoint]
    ran = subprocess.run(
        [*command, info["code_snippets"][language]],
        cwd=tmp_path,
        env=os.environ | {"GRADIO_TEMP_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ("reading" if endpoint == "/estimate" else "stmap.npz") in ran.stdout


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
        for parameter in endpoint["parameters"]:
            assert parameter["python_type"]["description"]
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


def ask_tools(app, *calls):
    """Return the MCP tools by name, and the answers to calls: pairs of a tool and its arguments."""

    async def run():
        async with (
            streamable_http_client(f"{app.url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            return tools, [await session.call_tool(*call) for call in calls]

    return anyio.run(run)


def test_mcp_tools_say_what_they_take_and_give(app):
    tools, _ = ask_tools(app)
    assert set(tools) == {"estimate", "stmap"}
    for tool in tools.values():
        assert "face" in tool.inputSchema["properties"]["clip"]["description"]
        assert tool.outputSchema["type"] == "object"
    assert tools["estimate"].inputSchema["required"] == ["clip"]
    assert tools["estimate"].outputSchema == json_schema()


def test_mcp_tools_answer_in_the_form_they_promise(app):
    address = f"{app.url}/gradio_api/file={upload(app, FACE.read_bytes(), FACE.name)}"
    # The client holds each answer against the tool's output schema.
    _, (read, refused, mapped) = ask_tools(
        app,
        ("estimate", {"clip": address, "age": 40, "sex": "female", "method": "green"}),
        ("estimate", {"clip": f"/examples/{WALL.name}"}),
        ("stmap", {"clip": f"{app.url}/examples/{FACE.name}"}),
    )
    assert [answer.isError for answer in (read, refused, mapped)] == [False] * 3
    assert (read.structuredContent["status"], read.structuredContent["method"]) == ("reading", "green")
    text = json.loads(read.content[0].text)
    assert text == {name: value for name, value in read.structuredContent.items() if name != "windows"}
    assert refused.structuredContent["reasons"][0]["code"] == "no_face"
    picture, text = mapped.content
    with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
        assert (picture.mimeType, image.format) == ("image/png", "PNG")
    assert json.loads(text.text) == mapped.structuredContent
    with np.load(io.BytesIO(httpx.get(mapped.structuredContent["npz"]).content)) as made:
        assert made["cells"].tolist() == mapped.structuredContent["cells"]
        assert made["stmap"].shape[2] == mapped.structuredContent["columns"]
    assert app.files_left() == []


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("estimate", {"clip": "http://127.0.0.1:9/clip.mp4"}, "not_uploaded"),
        ("estimate", {"clip": "data:video/mp4;base64,AAAA"}, "not_uploaded"),
        ("estimate", {"clip": str(WALL)}, "not_uploaded"),
        ("estimate", {}, "not_uploaded"),
        ("estimate", {"clip": f"/examples/{WALL.name}", "age": 500}, "told_invalid"),
        ("estimate", {"clip": f"/examples/{WALL.name}", "sex": "woman"}, "told_invalid"),
        ("estimate", {"clip": f"/examples/{WALL.name}", "method": "magic"}, "method_unknown"),
        ("estimate", {"clip": f"/examples/{WALL.name}", "model": "magic"}, "model_unknown"),
        ("stmap", {"clip": "/etc/passwd"}, "not_uploaded"),
        ("stmap", {"clip": f"/examples/{WALL.name}"}, "no_face"),
    ],
    ids=str,
)
def test_errors_of_mcp_tools_are_errors(app, tool, arguments, code):
    _, (answer,) = ask_tools(app, (tool, arguments))
    assert answer.isError
    assert answer.content[0].text.startswith(f"{code}: ")
    if tool == "estimate":
        assert answer.structuredContent["reasons"][0]["code"] == code
    assert app.files_left() == []


def test_nothing_is_logged_of_a_clip(app, client, tmp_path):
    clip = tmp_path / "a_persons_name.mp4"
    clip.write_bytes(b"hello")
    client.predict(handle_file(str(clip)), api_name="/estimate")
    assert "a_persons_name" not in app.log.read_text()
    assert "Traceback" not in app.log.read_text()


def test_weights_that_cannot_be_had_end_the_start_with_one_line():
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"BPDEMO_WEIGHTS": "not a name", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert run.stdout == ""


def wait_for_text(log, text):
    """Return whether a log has a text, after some patience: the app answers a moment before it says so."""
    until = time.monotonic() + 60
    while text not in log.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    return text in log.read_text()


def test_a_proxy_that_answers_nobody_is_no_matter_to_a_page_that_asks_nobody(tmp_path):
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    settings = {**proxies, "ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "", "PYTHONIOENCODING": "ascii"}
    with serve_app(tmp_path, **settings) as served:
        assert httpx.get(f"{served.url}/health", trust_env=False).json()["status"] == "ok"
        assert wait_for_text(served.log, f"The page is at {served.url}")
        assert "share" not in served.log.read_text()
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
