"""Markdown from `templates/`: the prose is there, what figures say is filled in."""

import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentences(parts: Iterable[str]) -> str:
    """Those that say something, one after the other."""
    return " ".join(filter(None, parts))


# Markdown, not HTML: there is nothing to escape.
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {"first_upper": _first_upper, "sentences": _sentences}


def render(template: str, **context: object) -> str:
    """Return one of `templates/*.md`, filled in; parts that are left out leave no gap."""
    return re.sub(r"\n{3,}", "\n\n", _ENVIRONMENT.get_template(f"{template}.md").render(context))
