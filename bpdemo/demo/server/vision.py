"""What finds the face in the browser: MediaPipe's own web build, with the landmark model that clips are read with.

The files are the published ones, unchanged (`demo/vision/NOTICE.md`). Their address changes with their content, so
browsers may keep them for good.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bpdemo.errors import BpdemoError
from bpdemo.face import MODEL, MODEL_SHA256, model_bytes

_FOLDER = Path(__file__).parents[1] / "vision"
CHECKSUMS = {
    "vision_bundle.mjs": "92ba6016fd0fc8bbce237086dec6212f72a03b06d0a5ecfdc71ddc724ccdbabb",
    "vision_wasm_internal.js": "2b120e1c7272905719f7893e5f09e033ead468b46b510e6b490d93e3d94ec69c",
    "vision_wasm_internal.wasm": "35d67ac01df034a04a38cb0533d6438595bcc65c485aed61dd47c86c6c3839cd",
}
"""SHA-256 of each file in `demo/vision/`."""
_MEDIA_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
_FOR_GOOD = "public, max-age=31536000, immutable"

ADDRESS = "vision/" + hashlib.sha256("".join((*CHECKSUMS.values(), MODEL_SHA256)).encode()).hexdigest()[:12]
"""Where the files are, from the app's root."""


def vision_route() -> Route:
    """Return the route that serves the files, compressed where the browser takes that."""

    def answer(request: Request) -> Response:  # in a thread of its own: compressing takes a moment
        name = request.path_params["name"]
        if name != MODEL.name and name not in CHECKSUMS:
            return PlainTextResponse("There is nothing here.", 404)
        try:
            content, packed = _content(name), _packed(name)
        except BpdemoError as error:
            return PlainTextResponse(str(error), 500)
        headers = {"cache-control": _FOR_GOOD, "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["content-encoding"] = packed, "gzip"
        return Response(content, headers=headers, media_type=_MEDIA_TYPES.get(Path(name).suffix))

    return Route(f"/{ADDRESS}/{{name}}", answer, methods=["GET"], include_in_schema=False)


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_content(name))


@cache
def _content(name: str) -> bytes:
    """Return a file, its checksum verified once."""
    if name == MODEL.name:
        return model_bytes()
    path = _FOLDER / name
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
        raise BpdemoError(
            "vision_damaged",
            f"{name}, which finds faces in the browser, is missing or not the one this version was built with.",
            "Fetch the repository again, with its demo/vision folder.",
        )
    return content
