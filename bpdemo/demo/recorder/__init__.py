"""The guided recorder: a component of the page that films 15 seconds of a face well enough to be read.

Everything it does before the recording ends happens in the browser: it asks for the camera, looks at the picture a few
times a second, says the one thing to change, counts down, records, stops. Then it uploads the clip as any upload and
triggers `submit` with its path. The files beside this one are its parts, joined as they are; nothing is built:

    recorder.html, recorder.css   what it looks like
    words.json                    what it says
    main.js                       its course, from idle to sent
    camera.js                     asks for the camera, holds exposure, white balance and focus
    looks.js, detector.js         look at the picture; find the face, in a worker
    checks.js                     judge a look: the one instruction to give
    clip.js                       records
    view.js                       shows and speaks
"""

import base64
import io
import zipfile
from functools import cache
from pathlib import Path

import gradio as gr

from bpdemo.face import model_bytes

SCRIPTS = Path(__file__).parent
_PARTS = ("camera.js", "checks.js", "looks.js", "clip.js", "view.js", "main.js")
_DETECTOR = "face_detector.tflite"  # inside the bundle that finds the landmarks

# Tells the recorder that the clip it sent has been read.
HAS_BEEN_READ = "() => document.querySelector('#recorder .bp-rec')?.dispatchEvent(new Event('bp-read'))"


def build_recorder() -> gr.HTML:
    """Build the recorder, inside the Blocks that is open.

    Its events: `submit`, whose data names the uploaded `clip` by a path that the client may have made up, and
    `other_way`, when somebody who cannot record wants to upload a clip instead.
    """
    return gr.HTML(
        _read("words.json"),
        html_template=_read("recorder.html"),
        js_on_load="\n".join(_read(part) for part in _PARTS),
        server_functions=[face_detector],
        apply_default_css=False,
        padding=False,
        elem_id="recorder",
    )


def style() -> str:
    """Return the recorder's style sheet, to be added to the page's."""
    return _read("recorder.css")


def face_detector(_sent: object) -> dict[str, str]:
    """Return the browser's face detector: the worker's `script`, and its `model` in base 64."""
    return {"script": _read("detector.js"), "model": _detector_model()}


@cache
def _detector_model() -> str:
    with zipfile.ZipFile(io.BytesIO(model_bytes())) as bundle:
        return base64.b64encode(bundle.read(_DETECTOR)).decode()


def _read(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")
