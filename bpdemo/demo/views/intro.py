"""What stands on the page before there is a result, in every language: the browser picks its own (`gr.I18n`)."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bpdemo.demo import recorder
from bpdemo.demo.examples import Example, example_cards
from bpdemo.demo.texts import Languages, Words
from bpdemo.demo.views.about import EvidencePicture, how_it_works
from bpdemo.demo.views.result import empty_glance


def translations(
    languages: Languages,
    examples: Sequence[Example],
    config: Mapping[str, Any],
    weights: Mapping[str, Any],
    evidence: list[EvidencePicture],
) -> dict[str, dict[str, str]]:
    """Return the labels and the fixed parts of the page in every language, by the keys the page asks for.

    Args:
        languages: known.
        examples: offered on the page.
        config: of the weights.
        weights: `Weights.to_dict`.
        evidence: figures of the weights' model card.
    """
    return {
        words.language: {
            **{name: words(f"page.labels.{name}") for name in languages.english.get("page.labels")},
            **recorder.labels(words),
            "header": header(words),
            "how_to": how_to(words),
            "examples": example_cards(examples, words),
            "empty": empty_glance(words),
            "cuff_intro": cuff_intro(words),
            "about": how_it_works(config, weights, words, evidence),
        }
        for words in languages
    }


def header(words: Words) -> str:
    """Return the page's head."""
    return (
        f"<header class='bp-page bp-header' lang='{words.language}'><h1>{words('page.title')}</h1>"
        f"<p>{escape(words('page.tagline'))}</p><p class='bp-disclaimer'>{words('page.short_disclaimer')}</p></header>"
    )


def how_to(words: Words) -> str:
    """Return how to get a clip, and what becomes of it."""
    lines = "".join(f"<li>{line}</li>" for line in words.get("page.how_to"))
    return (
        f"<div class='bp-page' lang='{words.language}'><ol class='bp-howto'>{lines}</ol>"
        f"<p class='bp-disclaimer'>{words('page.privacy')}</p></div>"
    )


def cuff_intro(words: Words) -> str:
    """Return what a cuff reading is used for, and what that does not do."""
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in words.get("calibration.intro"))
    return f"<div class='bp-page bp-small' lang='{words.language}'>{paragraphs}</div>"
