"""The page's one Jinja2 environment, which escapes whatever is not markup, and what its templates are filled with."""

import base64
import io
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from bpdemo.wording.numbers import fixed, percent, percent_down

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **context: object) -> Markup:
    """Return one of `templates/*.html`, filled in."""
    return Markup(_ENVIRONMENT.get_template(f"{template}.html").render(context))


def jpeg_url(image: Image.Image) -> str:
    """Return a picture as a JPEG in a `data:` address."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return data_url(buffer.getvalue(), "image/jpeg")


def data_url(content: bytes, media_type: str) -> str:
    """Return content as a `data:` address."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


_ENVIRONMENT.filters |= {"percent": percent, "percent_down": percent_down, "fixed": fixed, "data_url": data_url}
