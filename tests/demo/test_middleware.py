"""What may come in, what is refused, and what is left of what was refused: nothing."""

import asyncio
import logging
import re
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from bpdemo.demo.server import middleware
from bpdemo.demo.server.gradio_internals import file_upload_statuses
from bpdemo.demo.server.middleware import CLOSED, UploadMiddleware
from bpdemo.demo.server.uploads import Uploads

MAX_BYTES = 100_000
UPLOAD = "/gradio_api/upload"


async def behind(scope, receive, send):
    """The app behind the middleware: says that it was reached, or fails with words that name a file."""
    if scope["path"] == "/fails":
        raise RuntimeError("a_persons_name.mp4")
    own = {"content-security-policy": "default-src *", "referrer-policy": "unsafe-url"}
    await PlainTextResponse("reached", headers=own)(scope, receive, send)
    if scope["path"] == "/fails_later":
        raise RuntimeError("a_persons_name.mp4")


@pytest.fixture
def guard(uploads):
    return UploadMiddleware(behind, uploads, MAX_BYTES)


@pytest.fixture
def client(guard):
    return TestClient(guard)


def send(client, *files):
    return client.post(UPLOAD, files=[("files", file) for file in files])


def everything(uploads):
    return list(uploads.folder.iterdir())


def test_an_upload_lies_alone_in_a_private_folder(client, uploads):
    places = [Path(send(client, ("clip.mp4", b"same")).json()[0]) for _ in range(2)]
    assert places[0].parent != places[1].parent
    for place in places:
        assert place.read_bytes() == b"same"
        assert place.parent.parent == uploads.folder
        assert place.parent.stat().st_mode & 0o077 == 0
        assert place.stat().st_mode & 0o077 == 0
        uploads.delete(place)
    assert everything(uploads) == []


@pytest.mark.parametrize(
    "name",
    ["../../out.mp4", "/etc/passwd", "..", "a\0b.mp4", "x" * 400 + ".mp4", "héllo wörld.mp4", "<img src=x>.mp4", ""],
    ids=ascii,
)
def test_no_name_leads_out_of_the_folder(client, uploads, name, tmp_path):
    answer = send(client, (name, b"x"))
    assert answer.status_code in (200, 400)
    for path in answer.json() if answer.status_code == 200 else []:
        assert uploads.find(path) == Path(path)
        uploads.delete(path)
    assert everything(uploads) == []
    assert list(tmp_path.iterdir()) == [uploads.folder]


def in_pieces(boundary=b"b", inside=20, behind=0):
    """A form that does not say how long it is: so many pieces of a file, and so many behind all that it holds."""
    yield b"--" + boundary + b'\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
    for _ in range(inside):
        yield b"x" * 10_000
    yield b"\r\n--" + boundary + b"--\r\n"
    for _ in range(behind):
        yield b"x" * 10_000


def test_what_is_too_large_is_turned_away(client, uploads):
    kind = {"content-type": "multipart/form-data; boundary=b"}
    forms = in_pieces(), in_pieces(inside=1, behind=20)
    answers = [client.post(UPLOAD, content=form, headers=kind) for form in forms]
    for answer in (send(client, ("a.mp4", b"x" * 200_000)), *answers):
        assert answer.status_code == 413
        assert "Send a shorter one" in answer.text
        assert everything(uploads) == []
    assert send(client, ("a.mp4", b"x" * MAX_BYTES)).status_code == 200


def test_what_is_said_to_be_too_large_is_turned_away_before_any_of_it_is_taken(guard):
    sent = []

    async def nothing_more():
        raise AssertionError("nobody was to ask for it")

    async def send(message):
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"content-length", b"200000")]
    scope = {"type": "http", "method": "POST", "path": UPLOAD, "query_string": b"", "headers": headers}
    asyncio.run(guard(scope, nothing_more, send))
    assert sent[0]["status"] == 413


def test_whoever_is_told_of_an_upload_is_told_that_it_ended(client):
    for number, content in enumerate((b"x", b"x" * 200_000)):
        client.post(f"{UPLOAD}?upload_id=upload{number}", files={"files": ("a.mp4", content)})
        assert file_upload_statuses.is_done(f"upload{number}")


def test_nothing_is_taken_when_there_is_no_room(client, uploads, monkeypatch):
    monkeypatch.setattr(Uploads, "bytes_left", lambda _: 0)
    answer = send(client, ("a.mp4", b"x"))
    assert answer.status_code == 507
    assert "few minutes" in answer.text
    assert everything(uploads) == []


def test_a_full_disk_is_told(client, uploads, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(middleware, "receive_files", full)
    assert send(client, ("a.mp4", b"x")).status_code == 507
    assert everything(uploads) == []


def test_several_files_at_once_are_turned_away(client, uploads):
    assert send(client, ("a.mp4", b"x"), ("b.mp4", b"y")).status_code == 400
    assert everything(uploads) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (b"", "nonsense"),
    ],
    ids=str,
)
def test_what_is_no_upload_is_turned_away_in_a_sentence(client, uploads, content, kind):
    answer = client.post(UPLOAD, content=content, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.text.endswith("Send the clip again.")
    assert everything(uploads) == []


def half_an_upload(guard, then):
    """Send the beginning of an upload, look what is there, then go on; return the files and the answer."""
    seen, sent = [], []
    first = next(in_pieces()) + b"x" * 50_000
    messages = [{"type": "http.request", "body": first, "more_body": True}]

    async def receive():
        if messages:
            return messages.pop(0)
        await asyncio.sleep(0.05)  # for the file to be written
        seen.extend(path for path in guard._uploads.folder.rglob("*") if path.is_file())
        return await then()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": UPLOAD,
        "query_string": b"upload_id=u",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
    }
    asyncio.run(guard(scope, receive, send))
    return seen, sent


def test_an_upload_that_breaks_off_leaves_nothing(guard, uploads):
    async def gone():
        return {"type": "http.disconnect"}

    seen, _ = half_an_upload(guard, gone)
    assert seen, "something must have been there"
    assert everything(uploads) == []


def test_an_upload_that_stalls_is_ended(guard, uploads, monkeypatch):
    monkeypatch.setattr(middleware, "STALLED_S", 0.2)

    async def never():
        await asyncio.sleep(60)

    seen, sent = half_an_upload(guard, never)
    assert seen
    assert sent[0]["status"] == 408
    assert everything(uploads) == []


def test_room_that_runs_out_on_the_way_ends_an_upload(guard, uploads, monkeypatch):
    left = iter([1, 0])
    monkeypatch.setattr(Uploads, "bytes_left", lambda _: next(left))
    monkeypatch.setattr(middleware, "_COUNT_EVERY_BYTES", 20_000)
    _, sent = half_an_upload(guard, None)
    assert sent[0]["status"] == 507
    assert everything(uploads) == []


def test_only_uploads_are_served_and_no_copy_is_kept(client, uploads, tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"secret")
    clip = Path(send(client, ("clip.mp4", b"0123456789")).json()[0])
    page = Path(send(client, ("page.html", b"<script>alert(1)</script>")).json()[0])
    (clip.parent / "link.mp4").symlink_to(outside)
    answer = client.get(f"/gradio_api/file={clip}", headers={"range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "no-store"
    answer = client.get(f"/gradio_api/file={page}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    for other in (
        outside,
        clip.parent,
        clip.parent / "link.mp4",
        f"{clip.parent}/../../outside.mp4",
        f"{clip.parent}/%2e%2e/%2e%2e/outside.mp4",
        clip.with_name("other.mp4"),
        uploads.folder / ("0" * 32) / "clip.mp4",
        "/etc/passwd",
        "http://127.0.0.1:9/clip.mp4",
        f"http://127.0.0.1/gradio_api/file={clip}",
        "file:///etc/passwd",
        "",
    ):
        for route in ("file=", "file/"):
            answer = client.get(f"/gradio_api/{route}{other}")
            assert answer.status_code == 403, other
            assert b"secret" not in answer.content


def test_a_clip_deleted_while_it_is_asked_for_is_told_in_a_sentence(client, uploads, monkeypatch, caplog):
    monkeypatch.setattr(Uploads, "find", lambda *_: uploads.folder / "a_persons_name.mp4")
    with caplog.at_level(logging.DEBUG, "bpdemo"):
        answer = client.get("/gradio_api/file=a_persons_name.mp4")
    assert answer.status_code == 403
    assert "a_persons_name" not in caplog.text + answer.text


def test_an_error_behind_it_is_told_and_logged_without_its_words(client, caplog):
    with caplog.at_level(logging.DEBUG, "bpdemo"):
        answer = client.get("/fails")
    assert answer.status_code == 500
    assert "RuntimeError" in caplog.text
    assert "a_persons_name" not in caplog.text + answer.text


def test_an_error_after_the_answer_began_makes_no_second_answer(client, caplog):
    with caplog.at_level(logging.DEBUG, "bpdemo"):
        answer = client.get("/fails_later")
    assert (answer.status_code, answer.text) == (200, "reached")
    assert "RuntimeError" in caplog.text
    assert "a_persons_name" not in caplog.text


def test_routes_are_closed_behind_a_proxy_too(guard):
    client = TestClient(guard, root_path="/demo")
    assert client.get("/demo/gradio_api/proxy=http://a.b/c").status_code == 404
    assert client.get("/demo/gradio_api/info").text == "reached"


def test_routes_without_a_use_are_closed(client):
    for name in CLOSED:
        for path in (f"/{name}", f"/gradio_api/{name}", f"/gradio_api/{name}/x", f"/gradio_api/{name}=http://a.b/c"):
            for method in ("GET", "POST"):
                assert client.request(method, path).status_code == 404, path
    for path in ("/", "/config", "/gradio_api/info", "/assets/login-1.js", "/gradio_api/queue/join"):
        assert client.get(path).text == "reached"


def test_browsers_are_told_to_keep_to_this_app(client):
    headers = client.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self'"), "and not what the app behind it says"
    assert headers["content-security-policy"].count("default-src") == 1
    assert headers["content-security-policy"].endswith(
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
    )
    assert "http:" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"


def test_every_route_of_gradio_is_either_used_or_closed():
    """A new Gradio may bring new routes: whoever updates it is to look at them."""
    used = {
        "", "api", "app_id", "assets", "call", "cancel", "component_server", "config", "favicon.ico", "file",
        "heartbeat", "info", "login_check", "manifest.json", "openapi.json", "pwa_icon", "queue", "reset",
        "robots.txt", "run", "startup-events", "static", "svelte", "theme.css", "upload", "upload_progress", "user",
    }  # fmt: skip
    source = Path(httpx.__file__).parents[1] / "gradio" / "routes.py"
    routes = re.findall(r"@(?:app|router)\.(?:get|post|head|put|delete)\(\s*f?\"/([^\"]*)\"", source.read_text())
    names = {re.split(r"[/={]", route.removeprefix("gradio_api/"))[0] for route in routes}
    assert len(names) > 30
    assert names <= used | CLOSED, "unknown routes"
    assert not used & CLOSED
