"""Pieces of HTML that several parts of the page are made of. What is not said to be HTML is escaped here."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bpdemo.demo.texts import Words

# Shape and word tell a verdict; colour only helps. 24 x 24, drawn in the page's ink.
_ICONS = {
    "reading": "<path d='M2 13h5l2.5-8 4.5 15 3-9 1.2 2H22'/>",
    "refused": "<circle cx='12' cy='12' r='9.5'/><path d='M7 12h10'/>",
    "error": "<path d='M12 2.5 22.5 21h-21zM12 9.5v5.5M12 17.8v.4'/>",
}

# What each step is about, as a small picture, in the order of `glance.empty_steps`.
_SKETCHES = [
    (Path(__file__).parent / "sketches" / f"{name}.svg").read_text(encoding="utf-8")
    for name in ("cells", "stmap", "slices", "pulse", "pressure")
]


def card(state: str, body: str, words: Words, label: str) -> str:
    """Return the result's card.

    Args:
        state: `empty`, `working`, `reading`, `refused` or `error`; the page's scripts and styles go by it.
        body: HTML.
        words: whose language the card is in.
        label: what the card is.
    """
    return (
        f"<section class='bp-card bp-{state}' data-status='{state}' lang='{words.language}' "
        f"aria-label='{attribute(label)}'>{body}</section>"
    )


def section(title: str, line: str, body: str, *, extra: str = "") -> str:
    """Return a card of the lower page: a title, a line of explanation and what belongs to it, all HTML."""
    explained = f"<p>{line}</p>" if line else ""
    return f"<section class='bp-card{extra}'><h3>{title}</h3>{explained}{body}</section>"


def picture(svg: str, words: str) -> str:
    """Return an SVG as a figure that is told in words to whoever cannot see it."""
    return f"<figure class='bp-figure' role='img' aria-label='{attribute(words)}'>{svg}</figure>"


def table(rows: Sequence[Sequence[str]], caption: str, head: Sequence[str] = (), *, show_caption: bool = True) -> str:
    """Return a table; the first cell of each row is its header.

    Args:
        rows: of cells.
        caption: what the table is.
        head: titles of the columns, where there is more to say than the caption does.
        show_caption: whether eyes see it, or screen readers alone.
    """
    titles = "".join(f"<th scope='col'>{escape(title)}</th>" if title else "<td></td>" for title in head)
    body = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    hidden = "" if show_caption else " class='bp-hidden'"
    return (
        f"<div class='bp-scroll'><table class='bp-table'><caption{hidden}>{escape(caption)}</caption>"
        f"{f'<thead><tr>{titles}</tr></thead>' if head else ''}<tbody>{body}</tbody></table></div>"
    )


def icon(name: str) -> str:
    """Return the shape of a verdict."""
    return f"<svg class='bp-icon' viewBox='0 0 24 24' aria-hidden='true'>{_ICONS[name]}</svg>"


def sketch(step: int) -> str:
    """Return a small picture of what a step is about."""
    return _SKETCHES[step]


def attribute(text: str) -> str:
    """Return text fit to stand in a quoted attribute."""
    return escape(text, quote=True)


def percent(share: float) -> str:
    """Return a share as people read it."""
    return f"{100 * share:.0f} %"
