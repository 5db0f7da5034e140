"""How the page is launched: its look, what is switched off, and what stands before its routes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from bpdemo.demo.server.gradio_internals import App
from bpdemo.demo.server.middleware import UploadMiddleware
from bpdemo.demo.server.page_head import PageHead
from bpdemo.demo.server.routes import page_routes
from bpdemo.demo.server.sessions import MAX_SESSIONS, session_cleanup
from bpdemo.demo.server.tools import set_up_tools
from bpdemo.demo.server.uploads import MAX_UPLOAD_BYTES, Uploads

_BROWSER = Path(__file__).parents[1] / "browser"
_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]  # nothing is fetched from elsewhere


def launch_options(uploads: Uploads, routes: Sequence[BaseRoute] = ()) -> dict[str, Any]:
    """Return the arguments of `launch`; `routes` are answered beside the page."""

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        set_up_tools(app, uploads)
        async with session_cleanup(uploads)(app):
            yield

    return {
        "theme": gr.themes.Default(
            primary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=["ui-monospace", "monospace"]
        ).set(
            button_primary_background_fill="*primary_600",  # the default is too light for white letters
            button_primary_background_fill_hover="*primary_700",
        ),
        "css": "".join(sheet.read_text(encoding="utf-8") for sheet in sorted(_BROWSER.rglob("*.css"))),
        "footer_links": ["api"],
        "favicon_path": str(_BROWSER / "icon.svg"),
        "run_history": False,
        "max_file_size": MAX_UPLOAD_BYTES,
        "mcp_server": True,
        "ssr_mode": False,
        "share": False,
        "quiet": True,  # else Gradio recommends a public link
        "num_workers": 0,  # they would serve and take files past the middleware
        "enable_monitoring": False,
        "state_session_capacity": MAX_SESSIONS,
        "app_kwargs": {
            "middleware": [Middleware(UploadMiddleware, uploads=uploads), Middleware(PageHead)],
            "lifespan": lifespan,
            "routes": [*page_routes(), *routes],
        },
    }
