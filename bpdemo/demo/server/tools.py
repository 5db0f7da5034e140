"""The endpoints as MCP tools: answers in JSON, errors as errors, and a map as a picture."""

import asyncio
import base64
import json
from typing import Any

from mcp.types import CallToolResult, ImageContent, TextContent

from bpdemo.demo.server.addresses import example_name
from bpdemo.demo.server.gradio_api import set_tools
from bpdemo.demo.server.gradio_internals import App
from bpdemo.demo.server.uploads import Uploads
from bpdemo.estimate_json import json_schema
from bpdemo.figures import draw_stmap, to_png
from bpdemo.stmap import CHANNELS, load_stmap

_MAP_SCHEMA = {
    "type": "object",
    "properties": {
        "npz": {"type": "string", "description": "address of the map's .npz file, for a few minutes"},
        "channels": {"type": "array", "items": {"type": "string"}},
        "cells": {"type": "array", "items": {"type": "string"}, "description": "name of each row"},
        "columns": {"type": "integer"},
        "start_s": {"type": "number"},
        "end_s": {"type": "number"},
        "measured": {"type": "number", "description": "share of the map that could be measured, 0 to 1"},
    },
    "required": ["npz", "channels", "cells", "columns", "start_s", "end_s", "measured"],
    "additionalProperties": False,
}


def set_up_tools(app: App, uploads: Uploads) -> None:
    """Give the app's tools their answers."""

    async def answer(endpoint: str, output: Any) -> CallToolResult:
        return (
            answer_estimate(output)
            if endpoint == "/estimate"
            else await asyncio.to_thread(answer_stmap, uploads, output)
        )

    set_tools(app, take, answer, {"/estimate": json_schema(), "/stmap": _MAP_SCHEMA})


def take(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's arguments as Gradio takes them: the clip is an address, and an example's may lack its host.

    Gradio would write what is sent as a `data:` address to the disk and forget it there.
    """
    clip = arguments.get("clip")
    if isinstance(clip, str) and not clip.startswith(("http://", "https://")):
        name = example_name(clip)
        clip = None if name is None else f"http://localhost{clip}"
    return {**arguments, "clip": clip}


def answer_estimate(form: dict[str, Any]) -> CallToolResult:
    """Return an estimate's JSON form; its text leaves out the windows. A clip that cannot be read is an error."""
    if form["status"] == "error":
        text = " ".join(f"{reason['code']}: {reason['message']} {reason['remedy']}" for reason in form["reasons"])
    else:
        text = json.dumps({name: value for name, value in form.items() if name != "windows"}, ensure_ascii=False)
    return CallToolResult(content=[_text(text)], structuredContent=form, isError=form["status"] == "error")


def answer_stmap(uploads: Uploads, file: dict[str, Any]) -> CallToolResult:
    """Return a map's picture, and the address of its file with what it holds."""
    path = uploads.find(file["path"])
    if path is None:
        raise FileNotFoundError("The map has been deleted. Ask for it again.")
    stmap = load_stmap(path)
    form = {
        "npz": file["url"],
        "channels": [*CHANNELS],
        "cells": [*stmap.cells],
        "columns": len(stmap.time_s),
        "start_s": round(float(stmap.time_s[0]), 2),
        "end_s": round(float(stmap.time_s[-1]), 2),
        "measured": round(float(stmap.mask.mean()), 3),
    }
    picture = ImageContent(
        type="image", data=base64.b64encode(to_png(draw_stmap(stmap))).decode(), mimeType="image/png"
    )
    return CallToolResult(content=[picture, _text(json.dumps(form))], structuredContent=form)


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)
