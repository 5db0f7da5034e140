"""What a link to the page shows where it is shared: title, description and picture, in place of Gradio's own.

Gradio's `head` is put in by the browser; whoever shows a shared link reads only what the server sends.
"""

import re
from html import escape

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bpdemo.demo.server.gradio_api import public_address

TITLE = "bpdemo: blood pressure from a face clip"
DESCRIPTION = (
    "A research demo that shows every step: the skin, its spatial-temporal map, the beats in it, and what a network "
    "makes of them, with its uncertainty. Not a medical device."
)
_PICTURE = ("/page/shared.png", 1200, 630)
_PICTURE_TEXT = "A spatial-temporal map of a face, with the pulse as stripes"
_CHARSET = '<meta charset="utf-8" />'  # browsers want it within the first 1024 bytes
_GRADIO_TAGS = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*')


class PageHead:
    """ASGI middleware: puts our tags into the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) != "/":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        page = b""

        async def send_with_tags(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start":
                start = message
                return
            page += message.get("body", b"")
            if message.get("more_body"):
                return
            content = with_tags(page.decode(), public_address(Request(scope))).encode()
            kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            await send({**start, "headers": [*kept, (b"content-length", str(len(content)).encode())]})
            await send({"type": "http.response.body", "body": content})

        await self._app(scope, receive, send_with_tags)


def with_tags(page: str, address: str) -> str:
    """Return the HTML of a page that clients see at `address`, with our tags and without others of their kind."""
    picture, width, height = _PICTURE
    named = {"description": DESCRIPTION, "twitter:card": "summary_large_image"}
    properties = {
        "og:type": "website",
        "og:url": f"{address}/",
        "og:title": TITLE,
        "og:description": DESCRIPTION,
        "og:image": f"{address}{picture}",
        "og:image:width": width,
        "og:image:height": height,
        "og:image:alt": _PICTURE_TEXT,
    }
    tags = [
        f"<title>{escape(TITLE)}</title>",
        '<link rel="icon" type="image/svg+xml" href="page/icon.svg" />',
        *(f'<meta name="{name}" content="{escape(str(content))}" />' for name, content in named.items()),
        *(f'<meta property="{name}" content="{escape(str(content))}" />' for name, content in properties.items()),
    ]
    before, script, behind = page.partition("<script")
    return _GRADIO_TAGS.sub("", before).replace(_CHARSET, _CHARSET + "".join(tags), 1) + script + behind
